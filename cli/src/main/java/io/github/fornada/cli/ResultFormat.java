package io.github.fornada.cli;

import io.github.fornada.Outcome;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The text that is written for each item: its result, its result after the item, or one line of
 * JSON with its number, item, outcome, and result or error.
 *
 * @param json whether results are JSON, for which the task must return JSON
 * @param withItem whether each line of a result begins with its item
 * @param lines whether a text is split into lines; otherwise a zero byte ends it
 */
record ResultFormat(boolean json, boolean withItem, boolean lines) {
  /** The text of results alone, a line each. */
  static final ResultFormat TEXT = new ResultFormat(false, false, true);

  /**
   * Returns what is written for an item that is done, without an end of line; null for nothing.
   *
   * @param result the result; null for a function that returns nothing
   */
  @Nullable String done(Ended item, @Nullable String result) {
    if (json) {
      String text = head(item.number(), item.input(), "done");
      return (result == null ? text : text + ",\"result\":" + result) + tail(item.nanos());
    }
    if (result == null || !withItem) {
      return result;
    }
    String before = oneLine(item.input()) + "\t";
    // Each line, as of grep: whoever takes one line knows whose it is.
    return before + (lines ? result.replace("\n", "\n" + before) : result);
  }

  /**
   * Returns what is written for an item without a result; null for nothing.
   *
   * @param stage where it ended; null if there are no stages
   */
  @Nullable String failed(Ended item, @Nullable String stage, Outcome<?> outcome) {
    return json ? without(item, stage, name(outcome), error(item, outcome)) : null;
  }

  /**
   * Returns what is written for an item that was cancelled, or not even begun, because the run was
   * stopped; null for nothing.
   *
   * @param why why it was stopped
   */
  @Nullable String cancelled(Ended item, String why) {
    return json ? without(item, null, "cancelled", why) : null;
  }

  private static String without(Ended item, @Nullable String stage, String outcome, String error) {
    return head(item.number(), item.input(), outcome)
        + (stage == null ? "" : ",\"stage\":" + Rendering.json(stage))
        + ",\"error\":"
        + Rendering.json(error)
        + tail(item.nanos());
  }

  /** Returns what is written for an input that is not an item; null for nothing. */
  @Nullable String refused(Refusals.Refusal refusal) {
    return json
        ? head(refusal.number(), refusal.item(), "refused")
            + ",\"input\":"
            + Rendering.json(refusal.input())
            + ",\"error\":"
            + Rendering.json(refusal.why())
            + "}"
        : null;
  }

  private static String head(long number, String item, String outcome) {
    return "{\"n\":"
        + number
        + ",\"item\":"
        + Rendering.json(item)
        + ",\"outcome\":\""
        + outcome
        + "\"";
  }

  private static String tail(long nanos) {
    return (nanos < 0 ? "" : String.format(Locale.ROOT, ",\"millis\":%.3f", nanos / 1e6)) + "}";
  }

  /** Returns the name of an outcome for programs, as the meters have it. */
  private static String name(Outcome<?> outcome) {
    return switch (outcome) {
      case Outcome.Done<?> done -> "done";
      case Outcome.Failed<?> failed -> "failed";
      case Outcome.TimedOut<?> timedOut -> "timed_out";
      case Outcome.Cancelled<?> cancelled -> "cancelled";
      case Outcome.WorkerLost<?> lost -> "worker_lost";
    };
  }

  /** Returns why there is no result, without the stack, which is told on stderr. */
  private static String error(Ended item, Outcome<?> outcome) {
    return switch (outcome) {
      case Outcome.Done<?> done -> "";
      case Outcome.Failed<?>(var cause) -> withoutStack(OptionWording.thrown(item, cause));
      case Outcome.TimedOut<?>(var limit, var frames) ->
          "over its timeout of " + Words.limit(limit);
      case Outcome.Cancelled<?>(var reason) -> String.valueOf(reason);
      case Outcome.WorkerLost<?> lost -> OptionWording.lost(item, lost);
    };
  }

  private static String withoutStack(String text) {
    int stack = text.indexOf("\n    at ");
    return stack < 0 ? text : text.substring(0, stack);
  }

  /** Returns an item on one line, without a tab, in a form that names it and no other. */
  private static String oneLine(String item) {
    return item.replace("\\", "\\\\")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
        .replace("\r", "\\r");
  }
}
