package io.github.fornada.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code fornada scenarios}: a program of its own, with the libraries that it needs, which the
 * launcher of a source tree builds and starts. Here is what help, completion and the manual say of
 * it.
 */
@Command(
    name = "scenarios",
    aliases = "scenario",
    description =
        "Measures real programs under each model, and checks every result against the plain loop."
            + " They are built when they are first asked for. With the name \"scenario\", and a"
            + " NAME, its figures are printed in full.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  fornada scenarios --list",
      "  fornada scenarios --size normal --report scenarios.html",
      "  fornada scenario http-requests",
    })
@SuppressWarnings("unused") // for the help: the launcher starts another program
final class ScenariosCommand implements Callable<Integer> {
  /** The words for {@code --size}. */
  static final class Sizes implements Iterable<String> {
    @Override
    public java.util.Iterator<String> iterator() {
      return List.of("small", "normal", "large").iterator();
    }
  }

  @Parameters(
      paramLabel = "NAME",
      arity = "0..*",
      description = "The scenarios to run. All if none is given.")
  private @Nullable List<String> names;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      completionCandidates = Sizes.class,
      description = "small (three minutes for all), normal or large. Default: small.")
  private @Nullable String size;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Also write a report: .html, .json or .md. May be given several times.")
  private @Nullable List<Path> reports;

  @Option(names = "--list", description = "List the scenarios and end.")
  private boolean list;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the order of the runs. Drawn and printed if not given.")
  private @Nullable Long seed;

  @Option(names = "--no-python", description = "Leave the Python programs out.")
  private boolean noPython;

  @Override
  public Integer call() {
    throw Fault.usage(
        "the scenarios are a program of their own, which the launcher of a source tree builds and"
            + " starts. There: ./fornada scenarios");
  }
}
