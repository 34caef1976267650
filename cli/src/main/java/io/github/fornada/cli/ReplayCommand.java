package io.github.fornada.cli;

import io.github.fornada.advice.decide.Finding;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code fornada advise --replay FILE}: the advice that a recorded run gives. It has no task. */
@Command(name = ReplayCommand.NAME, hidden = true)
final class ReplayCommand implements Callable<Integer> {
  static final String NAME = "advise-replay";

  @Mixin
  @SuppressWarnings({"NullAway.Init", "unused"}) // filled by picocli, which reads its annotations
  private ExitCodesHelp exitCodes;

  @Option(names = "--replay", paramLabel = "FILE", required = true)
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private Path replay;

  @Option(names = "--json")
  private boolean json;

  @Option(names = "--format")
  private CommonOptions.@Nullable Format format;

  @Option(names = {"-o", "--output"})
  private @Nullable Path output;

  /** Returns whether arguments of {@code advise} ask for a replay, and not for help. */
  static boolean isMeant(String[] arguments) {
    List<String> options =
        Arrays.stream(arguments).takeWhile(argument -> !argument.equals("--")).toList();
    return Collections.disjoint(options, List.of("--help", "-h", "--version", "-V"))
        && options.stream()
            .anyMatch(option -> option.equals("--replay") || option.startsWith("--replay="));
  }

  @Override
  public Integer call() {
    CommonOptions.figuresOnly("advise", format, output);
    ArgumentText.require("--replay", replay);
    ArgumentText.require("-o", output);
    if (replay.toString().isEmpty()) {
      throw Fault.usage("--replay: the name of the file is empty");
    }
    try (Outputs outputs = Outputs.of(output, null, null)) {
      Path file = Inputs.readable("--replay", replay.toString(), replay, Descriptor.of(replay));
      outputs.mustNotBe(file, "the input --replay " + replay);
      return replay(outputs);
    }
  }

  /**
   * Says why a command line of {@code advise} cannot be one of a replay; null if it is no option of
   * advise.
   */
  static @Nullable String refusal(String word, Set<String> optionsOfAdvise) {
    String name = word.replaceFirst("=.*", "");
    if (!word.startsWith("-")) {
      return "--replay FILE goes without TASK and INPUT, got \"" + word + "\"";
    }
    return optionsOfAdvise.contains(name)
        ? name + " is for measuring; with --replay FILE go --json, --format and -o"
        : null;
  }

  private int replay(Outputs outputs) {
    Observed observed = Observed.read(replay);
    Finding finding;
    try {
      finding = observed.finding();
    } catch (IllegalArgumentException e) {
      throw Fault.usage(replay + " is not what advise --record has written: " + e.getMessage());
    }
    if (finding == null) { // whether all was done at once, or nothing, is not in the file
      throw Fault.usage(
          replay
              + " has no observations, so there is nothing to advise: the run that it is of was"
              + " over before anything was measured, or no item gave a result");
    }
    return AdviseCommand.print(
        replay.toString(), finding, json || format == CommonOptions.Format.json, null, outputs);
  }
}
