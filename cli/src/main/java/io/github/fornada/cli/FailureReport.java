package io.github.fornada.cli;

import io.github.fornada.Outcome;

/** What is printed of an item without a result: which, why, and where in the user's code. */
final class FailureReport {
  private static final int MOST_INPUT = 100;

  private FailureReport() {}

  /** A few lines, without an end of line. */
  static String text(String input, Outcome<?> outcome) {
    return of("fornada: \"" + shortened(input) + "\"", outcome);
  }

  /** Of an item of a pipeline; of a stage that was given something else than the input. */
  static String text(String input, String stage, Outcome<?> outcome) {
    return of("fornada: \"" + shortened(input) + "\" in " + stage, outcome);
  }

  private static String of(String who, Outcome<?> outcome) {
    return switch (outcome) {
      case Outcome.Failed<?>(var cause) -> who + " failed: " + ThrownText.of(cause);
      case Outcome.TimedOut<?>(var limit, var frames) ->
          who
              + " was over its timeout of "
              + Words.limit(limit)
              + (frames.isEmpty() ? "" : "; it was here:")
              + ThrownText.frames(frames);
      case Outcome.WorkerLost<?> lost ->
          who + " was lost: " + OptionWording.withOptions(lost.message());
      case Outcome.Cancelled<?>(var reason) -> who + " was cancelled: " + reason;
      case Outcome.Done<?> done -> who + " is done: " + done.value();
    };
  }

  /** Of an item that the run was stopped before. */
  static String notRun(String input) {
    return "fornada: \"" + shortened(input) + "\" has no outcome: the run was stopped before it";
  }

  /** Of an input that is no item. */
  static String refused(Refusals.Refusal refusal) {
    return "fornada: " + shortened(refusal.input()) + " failed: " + refusal.why();
  }

  private static String shortened(String input) {
    String line = input.replace('\n', ' ').replace('\r', ' ');
    return line.length() <= MOST_INPUT ? line : line.substring(0, MOST_INPUT) + "...";
  }
}
