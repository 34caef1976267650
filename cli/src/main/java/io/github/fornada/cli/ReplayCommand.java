package io.github.fornada.cli;

import io.github.fornada.advice.decide.Finding;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
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

  /** Returns whether arguments of {@code advise} ask for a replay. */
  static boolean isMeant(String[] arguments) {
    return Arrays.stream(arguments)
        .takeWhile(argument -> !argument.equals("--"))
        .anyMatch(argument -> argument.equals("--replay") || argument.startsWith("--replay="));
  }

  @Override
  public Integer call() {
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
    return AdviseCommand.print(replay.toString(), finding, json, null);
  }
}
