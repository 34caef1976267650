package io.github.fornada.cli;

import io.github.fornada.Outcome;
import io.github.fornada.RemoteTaskException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** What is told of an item that did not get done: which, why, and where in the user's code. */
final class FailureReport {
  private static final int MOST_FRAMES = 8;
  private static final int MOST_INPUT = 100;

  private FailureReport() {}

  /** Some lines, without an end of line. */
  static String text(String input, Outcome<?> outcome) {
    String who = "fornada: \"" + shortened(input) + "\"";
    return switch (outcome) {
      case Outcome.Failed<?>(var cause) -> who + " failed: " + stack(cause);
      case Outcome.TimedOut<?>(var limit, var frames) ->
          who
              + " was over its time limit of "
              + Words.limit(limit)
              + (frames.isEmpty() ? "" : "; it was here:")
              + frames(frames);
      case Outcome.WorkerLost<?> lost -> who + " was lost: " + lost.message();
      case Outcome.Cancelled<?>(var reason) -> who + " was cancelled: " + reason;
      case Outcome.Done<?> done -> who + " is done: " + done.value();
    };
  }

  /** Of an item that the run was stopped before. */
  static String notRun(String input) {
    return "fornada: \"" + shortened(input) + "\" has no outcome: the run was stopped before it";
  }

  private static String shortened(String input) {
    String line = input.replace('\n', ' ').replace('\r', ' ');
    return line.length() <= MOST_INPUT ? line : line.substring(0, MOST_INPUT) + "...";
  }

  private static String stack(Throwable thrown) {
    var text = new StringBuilder();
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    var shown = new HashSet<String>();
    String before = "";
    for (Throwable t = thrown; t != null && seen.add(t); t = t.getCause()) {
      String name = describe(t);
      if (shown.add(name)) {
        text.append(before).append(name).append(frames(List.of(t.getStackTrace())));
      }
      before = "\n  caused by: ";
    }
    return text.toString();
  }

  private static String describe(Throwable t) {
    try {
      // The stand-in's message begins with the name of the class that was thrown.
      return t instanceof RemoteTaskException ? String.valueOf(t.getMessage()) : t.toString();
    } catch (RuntimeException | StackOverflowError e) {
      // An exception whose message cannot be had must not turn its report into a second failure.
      return t.getClass().getName();
    }
  }

  /** The frames of the user's code; those of the command below it say nothing to the user. */
  private static String frames(List<StackTraceElement> stack) {
    var own = new ArrayList<StackTraceElement>();
    for (StackTraceElement frame : stack) {
      if (frame.getClassName().startsWith("io.github.fornada.")) {
        break;
      }
      own.add(frame);
    }
    var text = new StringBuilder();
    for (StackTraceElement frame : own.subList(0, Math.min(own.size(), MOST_FRAMES))) {
      text.append("\n    at ").append(shortened(frame));
    }
    if (own.size() > MOST_FRAMES) {
      text.append("\n    ... ").append(own.size() - MOST_FRAMES).append(" more");
    }
    return text.toString();
  }

  /** Without the names of class loaders and modules. */
  private static String shortened(StackTraceElement frame) {
    String text = frame.toString();
    return text.substring(text.lastIndexOf('/') + 1);
  }
}
