package io.github.fornada.cli;

import io.github.fornada.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * The text that is printed for an item without a result: which item, why, and where in the user's
 * code.
 */
final class FailureReport {
  private static final int MAX_INPUT = 100;

  private FailureReport() {}

  /** Returns a few lines, without an end of line. */
  static String text(Ended item, Outcome<?> outcome) {
    return text(item, null, outcome);
  }

  /** Returns the text for an item of a pipeline; {@code stage} is null if there are none. */
  static String text(Ended item, @Nullable String stage, Outcome<?> outcome) {
    return "fornada: " + sentence(item, stage, outcome);
  }

  /** Returns the same without the name of the command, for a longer sentence. */
  static String sentence(Ended item, @Nullable String stage, Outcome<?> outcome) {
    String who = '"' + shortened(item.input()) + '"' + (stage == null ? "" : " in " + stage);
    return switch (outcome) {
      case Outcome.Failed<?>(var cause) -> who + " failed: " + OptionWording.thrown(item, cause);
      case Outcome.TimedOut<?>(var limit, var frames) ->
          who + " was over its timeout of " + Words.limit(limit) + here(ThrownText.frames(frames));
      case Outcome.WorkerLost<?> lost -> who + " was lost: " + OptionWording.lost(item, lost);
      case Outcome.Cancelled<?>(var reason) -> who + " was cancelled: " + reason;
      case Outcome.Done<?> done -> who + " is done: " + done.value();
    };
  }

  /** Says where an item was; frames of the JDK and of Fornada alone say nothing of it. */
  private static String here(String frames) {
    return frames.isEmpty() ? "" : "; it was here:" + frames;
  }

  /**
   * Returns the text for a measurement that the first failure has ended.
   *
   * @param done what is not done, such as {@code compared}
   */
  static String stoppedByIt(String done) {
    return "fornada: stopped by that failure (--fail-fast), so nothing is "
        + done
        + "; without --fail-fast a failure costs only its own item";
  }

  /** Returns the text for an item that was not run because the run was stopped. */
  static String notRun(String input) {
    return "fornada: \"" + shortened(input) + "\" has no outcome: the run was stopped before it";
  }

  /** Returns the text for an item whose result could not be written to its file. */
  static String notWritten(String input, String why) {
    return "fornada: \"" + shortened(input) + "\" failed: its result is there, but " + why;
  }

  /** Returns the text for an input that is not an item. */
  static String refused(Refusals.Refusal refusal) {
    return "fornada: " + shortened(refusal.input()) + " failed: " + refusal.why();
  }

  private static String shortened(String input) {
    String line = input.replace('\n', ' ').replace('\r', ' ');
    return line.length() <= MAX_INPUT
        ? line
        : line.substring(0, ThrownText.end(line, MAX_INPUT)) + "...";
  }
}
