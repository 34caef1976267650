package io.github.fornada.cli;

import io.github.fornada.Outcome;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
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
  private static final String ERROR = "error";
  private static final String AT = "at";

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
    if (!json) {
      return null;
    }
    if (outcome instanceof Outcome.Failed<?>(var cause)) {
      ThrownText.Told told = OptionWording.told(item, cause);
      return without(item, stage, name(outcome), told.error(), behind(told));
    }
    String at = outcome instanceof Outcome.TimedOut<?> late ? ThrownText.place(late.stack()) : null;
    return without(
        item,
        stage,
        name(outcome),
        error(item, outcome),
        at == null ? "" : ",\"" + AT + "\":" + Rendering.json(at));
  }

  /**
   * Returns what is written for an item that was cancelled, or not even begun, because the run was
   * stopped; null for nothing.
   *
   * @param why why it was stopped
   */
  @Nullable String cancelled(Ended item, String why) {
    return json ? without(item, null, "cancelled", why, "") : null;
  }

  /**
   * Returns the line of an item without a result.
   *
   * @param more further fields, each with a comma before it
   */
  private static String without(
      Ended item, @Nullable String stage, String outcome, String error, String more) {
    return head(item.number(), item.input(), outcome)
        + (stage == null ? "" : ",\"stage\":" + Rendering.json(stage))
        + ",\"error\":"
        + Rendering.json(error)
        + more
        + tail(item.nanos());
  }

  /**
   * Returns the fields for where an exception was thrown, for its causes and what it has
   * suppressed, if it has any.
   */
  private static String behind(ThrownText.Told told) {
    var fields = new StringBuilder();
    map(told)
        .forEach((name, value) -> {
          if (!name.equals(ERROR)) {
            fields.append(",\"").append(name).append("\":").append(Rendering.json(value));
          }
        });
    return fields.toString();
  }

  private static Map<String, Object> map(ThrownText.Told told) {
    var map = new LinkedHashMap<String, Object>();
    map.put(ERROR, told.error());
    if (told.at() != null) {
      map.put(AT, told.at());
    }
    if (!told.causes().isEmpty()) {
      map.put("causes", told.causes().stream().map(ResultFormat::map).toList());
    }
    if (!told.suppressed().isEmpty()) {
      map.put("suppressed", told.suppressed().stream().map(ResultFormat::map).toList());
    }
    return map;
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
      case Outcome.Failed<?>(var cause) -> OptionWording.told(item, cause).error();
      case Outcome.TimedOut<?>(var limit, var frames) ->
          "over its timeout of " + Words.limit(limit);
      case Outcome.Cancelled<?>(var reason) -> String.valueOf(reason);
      case Outcome.WorkerLost<?> lost -> OptionWording.lost(item, lost);
    };
  }

  /** Returns an item on one line, without a tab, in a form that names it and no other. */
  private static String oneLine(String item) {
    return item.replace("\\", "\\\\")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
        .replace("\r", "\\r");
  }
}
