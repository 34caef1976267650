package io.github.fornada.scenarios;

import io.github.fornada.scenarios.harness.HtmlReport;
import io.github.fornada.scenarios.harness.JsonReport;
import io.github.fornada.scenarios.harness.Machine;
import io.github.fornada.scenarios.harness.MarkdownReport;
import io.github.fornada.scenarios.harness.Progress;
import io.github.fornada.scenarios.harness.Runner;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.ScenarioReport;
import io.github.fornada.scenarios.harness.Size;
import io.github.fornada.scenarios.harness.TableReport;
import io.github.fornada.scenarios.harness.TextReport;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code fornada scenarios} and {@code fornada scenario NAME}. */
@Command(
    description =
        "Measures real programs under each model, and checks every result against the plain"
            + " loop.",
    mixinStandardHelpOptions = true)
public final class Main implements Callable<Integer> {
  private static final int OK = 0;
  private static final int FAILED = 1;
  private static final int USAGE = 2;
  private static final int INTERRUPTED = 130;

  @Parameters(
      paramLabel = "NAME",
      arity = "0..*",
      description = "The scenarios to run. All if none is given.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      description = "small (three minutes for all), normal or large. Default: ${DEFAULT-VALUE}.")
  private Size size = Size.SMALL;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Also write a report: .html, .json or .md. May be given several times.")
  private List<Path> reports = new ArrayList<>();

  @Option(names = "--list", description = "List the scenarios and end.")
  private boolean list;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the order of the runs. Drawn and printed if not given.")
  private @Nullable Long seed;

  @Option(names = "--no-python", description = "Leave the Python programs out.")
  private boolean noPython;

  private final String command;
  private final boolean single;
  private final PrintStream out;
  private final PrintStream err;

  private Main(String[] args, PrintStream out, PrintStream err) {
    this.command = "./fornada " + String.join(" ", args);
    this.single = args.length > 0 && args[0].equals("scenario");
    this.out = out;
    this.err = err;
  }

  /** Runs the command and ends the JVM with its exit code. */
  public static void main(String[] args) throws IOException, InterruptedException {
    OptionalInt code = Displays.run(args);
    System.exit(code.isPresent() ? code.getAsInt() : execute(args, System.out, System.err));
  }

  /**
   * Runs the command.
   *
   * @param args {@code scenarios} or {@code scenario}, then the options
   * @return the exit code
   */
  static int execute(String[] args, PrintStream out, PrintStream err) {
    var line = new CommandLine(new Main(args, out, err));
    line.setCommandName(args.length == 0 ? "fornada scenarios" : "fornada " + args[0]);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setOut(new PrintWriter(out, true, out.charset()));
    line.setErr(new PrintWriter(err, true, err.charset()));
    line.setParameterExceptionHandler((e, _) -> {
      err.println("fornada: " + e.getMessage());
      err.println("Try: " + e.getCommandLine().getCommandName() + " --help");
      return USAGE;
    });
    String[] own = args.length == 0 ? args : Arrays.copyOfRange(args, 1, args.length);
    return line.execute(own);
  }

  @Override
  public Integer call() throws IOException {
    if (list) {
      for (Scenario scenario : Catalog.ALL) {
        out.println(scenario.name());
        out.println("    " + scenario.about());
      }
      return OK;
    }
    List<Scenario> wanted = wanted();
    for (Path report : reports) {
      var _ = format(report);
      Path folder = report.toAbsolutePath().getParent();
      if (folder == null || !Files.isWritable(folder)) {
        throw usage("the report " + report + " cannot be written: its folder is not there");
      }
    }
    long drawn = seed == null ? System.nanoTime() % 1_000_000 : seed;
    var progress = new Progress(err);
    Optional<Path> scripts =
        noPython
            ? Optional.empty()
            : Optional.of(Path.of(System.getProperty("fornada.home", "."), "scenarios", "python"));
    var runner = new Runner(size, drawn, progress, scripts);
    progress.message("seed " + drawn + "; " + runner.pythonVersion());
    var ending = new AtomicBoolean();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> ending.set(true), "scenarios-ending"));
    long began = System.nanoTime();
    String date =
        ZonedDateTime.now(ZoneOffset.UTC)
            .truncatedTo(ChronoUnit.SECONDS)
            .format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
    String machine = Machine.text();
    var done = new ArrayList<ScenarioReport>();
    try {
      for (Scenario scenario : wanted) {
        done.add(runner.run(scenario));
        if (ending.get()) {
          return INTERRUPTED; // the servers are gone, and with them the sense of any figure
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      err.println("fornada: interrupted");
      return INTERRUPTED;
    }
    var report =
        new TableReport(
            command,
            date,
            machine,
            Machine.java() + "; " + runner.pythonVersion(),
            size,
            drawn,
            (System.nanoTime() - began) / 1e9,
            done);
    print(report);
    for (Path file : reports) {
      Files.writeString(file, format(file).of(report));
    }
    for (ScenarioReport scenario : done) {
      scenario
          .problem()
          .ifPresent(problem -> err.println("fornada: " + scenario.name() + ": " + problem));
    }
    return Runner.isClean(done) ? OK : FAILED;
  }

  private void print(TableReport report) {
    if (single) {
      for (ScenarioReport scenario : report.scenarios()) {
        out.println(TextReport.full(scenario));
      }
    }
    out.print(TextReport.table(report));
    out.flush();
  }

  private List<Scenario> wanted() {
    if (single && names.isEmpty()) {
      throw usage("say which scenario: " + known());
    }
    if (names.isEmpty()) {
      return Catalog.ALL;
    }
    var wanted = new ArrayList<Scenario>();
    for (String name : names) {
      wanted.add(
          Catalog.ALL.stream()
              .filter(scenario -> scenario.name().equals(name))
              .findFirst()
              .orElseThrow(
                  () -> usage("there is no scenario \"" + name + "\"; there are: " + known())));
    }
    return wanted;
  }

  private static String known() {
    return Catalog.ALL.stream().map(Scenario::name).collect(Collectors.joining(", "));
  }

  private ParameterException usage(String message) {
    return new ParameterException(
        new CommandLine(this).setCommandName(single ? "fornada scenario" : "fornada scenarios"),
        message);
  }

  /** Writes a report in one format. */
  private interface Format {
    String of(TableReport report);
  }

  private Format format(Path file) {
    String name = String.valueOf(file.getFileName());
    if (name.endsWith(".html")) {
      return HtmlReport::of;
    }
    if (name.endsWith(".json")) {
      return JsonReport::of;
    }
    if (name.endsWith(".md")) {
      return MarkdownReport::of;
    }
    throw usage("a report ends in .html, .json or .md, got " + file);
  }
}
