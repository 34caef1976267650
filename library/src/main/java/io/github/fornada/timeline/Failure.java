package io.github.fornada.timeline;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.RemoteTaskException;
import io.github.fornada.jvm.BoundedText;
import java.io.PrintWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.List;

/**
 * A task that failed, timed out, or lost its worker, and why.
 *
 * @param index position of the item in its input, from 0
 * @param label the item as text
 * @param kind failed, timed out or lost
 * @param headline class and message of the cause, or a sentence; at most {@value #HEADLINE}
 *     characters
 * @param details the stack with its causes, or what else is known; at most {@value #DETAILS}
 *     characters and a note on the rest
 * @param worker name of the worker that ran it; empty if none did
 * @param start in nanoseconds since the recording began
 * @param duration how long it ran, in nanoseconds
 */
record Failure(
    long index,
    String label,
    Kind kind,
    String headline,
    String details,
    String worker,
    long start,
    long duration) {
  private static final int HEADLINE = 300;
  private static final int DETAILS = 12_000;

  static String headline(Outcome<?> outcome) {
    String text =
        switch (outcome) {
          // A RemoteTaskException replaces another exception, and its message begins with that
          // one's class.
          case Outcome.Failed<?>(RemoteTaskException remote) -> String.valueOf(remote.getMessage());
          case Outcome.Failed<?>(Throwable cause) -> ItemText.text(cause);
          case Outcome.TimedOut<?>(Duration limit, List<StackTraceElement> stack) ->
              "over its timeout of " + Figures.duration(limit.toNanos());
          case Outcome.Cancelled<?>(String reason) -> reason;
          case Outcome.WorkerLost<?>(String message, DeathCertificate certificate) -> message;
          case Outcome.Done<?> done -> "";
        };
    return text.length() <= HEADLINE ? text : text.substring(0, HEADLINE) + "\u2026";
  }

  static String details(Outcome<?> outcome) {
    var text = new Bounded();
    switch (outcome) {
      case Outcome.Failed<?>(Throwable cause) -> {
        // A user's exception class may override any method that printing calls.
        String stack = "the stack of a " + cause.getClass().getName() + " could not be printed: ";
        text.line(
            BoundedText.hangs(cause)
                ? stack + "its toString hangs"
                : BoundedText.boundedMessage(
                    () -> printed(cause), stack + "it fails", stack + "it hangs", () -> {}));
      }
      case Outcome.TimedOut<?>(Duration limit, List<StackTraceElement> stack) -> {
        text.line(
            stack.isEmpty()
                ? "Its stack at the timeout is not known."
                : "Its stack at the timeout:");
        stack.forEach(frame -> text.line("\tat " + frame));
      }
      case Outcome.WorkerLost<?>(String message, DeathCertificate death) -> {
        text.line(message);
        text.line(
            death.worker()
                + ", process "
                + death.pid()
                + ", exit code "
                + death.exitCode()
                + ": "
                + death.manner());
        if (death.crashLog() != null) {
          text.line("crash report: " + death.crashLog());
        }
        if (!death.lastOutput().isEmpty()) {
          text.line("It last printed:");
          death.lastOutput().forEach(line -> text.line("\t" + line));
        }
      }
      case Outcome.Cancelled<?> cancelled -> {}
      case Outcome.Done<?> done -> {}
    }
    return text.toString();
  }

  private static String printed(Throwable cause) {
    var text = new Bounded();
    cause.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  /** Keeps the first characters and counts the rest, so that no stack gets too large. */
  private static final class Bounded extends Writer {
    private final StringBuilder kept = new StringBuilder();
    private long dropped;

    void line(String text) {
      write(text.toCharArray(), 0, text.length());
      write(new char[] {'\n'}, 0, 1);
    }

    @Override
    public void write(char[] text, int from, int length) {
      int room = Math.min(length, DETAILS - kept.length());
      kept.append(text, from, room);
      dropped += length - room;
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    @Override
    public String toString() {
      String text = kept.toString().stripTrailing();
      return dropped == 0 ? text : text + "\u2026\n(" + dropped + " more characters)";
    }
  }
}
