package io.github.fornada.cli;

import io.github.fornada.RemoteTaskException;
import io.github.fornada.jvm.BoundedText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The text that is printed for an exception that a task threw: message, frames of the user's code,
 * causes, suppressed exceptions. All of these come from methods that the user's class may override,
 * and which may throw, never return, or return without end more. So they are called on a thread
 * that they may block, and the time and the size of the text are limited.
 */
final class ThrownText {
  private static final String NOT_CALLED = " (its own methods do not return in time)";

  private static final int MAX_FRAMES = 8;
  private static final int MAX_CAUSES = 10;

  /** The maximum number of exceptions in one report: causes, suppressed ones, and their causes. */
  private static final int MAX_EXCEPTIONS = 20;

  private static final int MAX_SUPPRESSED = 5;
  private static final int MAX_MESSAGE = 4_000;
  private static final int MAX_NAME = 500;

  /** Classes whose methods once did not return in time, and are not called again. */
  private static final ClassValue<boolean[]> SLOW =
      new ClassValue<>() {
        @Override
        protected boolean[] computeValue(Class<?> type) {
          return new boolean[1];
        }
      };

  // Guarded by this: the describing thread adds to it, and the waiting thread reads what is
  // complete.
  private final StringBuilder text = new StringBuilder();

  // Used by the describing thread only.
  private final Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
  private int described;

  private ThrownText() {}

  /** Returns some lines, without an end of line. */
  static String of(Throwable thrown) {
    String name = thrown.getClass().getName();
    boolean[] slow = SLOW.get(thrown.getClass());
    if (slow[0]) {
      return name + NOT_CALLED;
    }
    var report = new ThrownText();
    String whole =
        BoundedText.boundedMessage(
            () -> {
              report.append(thrown, "\n", 0);
              return report.soFar();
            },
            "",
            "",
            () -> slow[0] = true); // a race only costs another attempt
    if (!whole.isEmpty()) {
      return whole;
    }
    String written = report.soFar();
    return written.isEmpty()
        ? name + NOT_CALLED
        : written
            + "\n    (the rest is missing: a method of this exception did not return in time)";
  }

  private synchronized String soFar() {
    return text.toString();
  }

  private synchronized void add(String more) {
    text.append(more);
  }

  private void append(Throwable thrown, String lineBreak, int depth) {
    String before = "";
    String last = "";
    @Nullable Throwable t = thrown;
    for (int causes = 0; t != null && seen.add(t); causes++) {
      if (causes > MAX_CAUSES || described >= MAX_EXCEPTIONS) {
        add(before + "... (more causes are left out)");
        return;
      }
      Throwable current = t;
      described++;
      String name = describe(current);
      // A cause with the same text as the exception before, as with a wrapper, adds nothing.
      if (!name.equals(last)) {
        add(before + name);
        add(
            of(
                () -> frames(List.of(current.getStackTrace())).replace("\n", lineBreak),
                lineBreak + "    (its stack trace cannot be had)"));
        appendSuppressed(current, lineBreak, depth);
      }
      last = name;
      before = lineBreak + "  caused by: ";
      t = causeOf(current);
    }
  }

  private void appendSuppressed(Throwable thrown, String lineBreak, int depth) {
    Throwable[] suppressed;
    try {
      suppressed = thrown.getSuppressed();
    } catch (Throwable e) { // the method is final in Throwable, but the list may be broken
      return;
    }
    int n = 0;
    for (Throwable each : suppressed) {
      if (n == MAX_SUPPRESSED || described >= MAX_EXCEPTIONS || depth > MAX_CAUSES) {
        add(lineBreak + "  ... " + (suppressed.length - n) + " more suppressed");
        return;
      }
      n++;
      if (!seen.contains(each)) {
        add(lineBreak + "  suppressed: ");
        append(each, lineBreak + "  ", depth + 1);
      }
    }
  }

  private static @Nullable Throwable causeOf(Throwable thrown) {
    try {
      return thrown.getCause();
    } catch (Throwable e) {
      return null;
    }
  }

  private static String describe(Throwable t) {
    // The message of a RemoteTaskException begins with the name of the class that was thrown.
    String name = t.getClass().getName();
    String text =
        t instanceof RemoteTaskException
            ? String.valueOf(t.getMessage())
            : of(t::toString, name + " (its message cannot be had)");
    if (t instanceof OutOfMemoryError
        || (OptionWording.isOfLibrary(t) && !(t instanceof RemoteTaskException))) {
      text = OptionWording.withOptions(text); // the message has the pool's advice
    }
    String whole =
        text.length() <= MAX_MESSAGE
            ? text
            : text.substring(0, end(text, MAX_MESSAGE))
                + "... ("
                + (text.length() - MAX_MESSAGE)
                + " more characters)";
    // No line of it may look like one of the command's own.
    return whole.stripTrailing().replace("\n", "\n    ");
  }

  /** Returns an end that is not between the two halves of a surrogate pair. */
  static int end(String text, int length) {
    return Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
  }

  private static String of(Supplier<@Nullable String> words, String otherwise) {
    try {
      String text = words.get();
      return text == null ? otherwise : text;
    } catch (Throwable e) { // anything: the report of a failure must not cause a second one
      return otherwise;
    }
  }

  /**
   * Returns the frames of the user's code; those of the command below them mean nothing to the
   * user.
   */
  static String frames(List<StackTraceElement> stack) {
    var own = new ArrayList<StackTraceElement>();
    for (StackTraceElement frame : stack) {
      if (frame.getClassName().startsWith("io.github.fornada.")) {
        break;
      }
      own.add(frame);
    }
    var text = new StringBuilder();
    for (StackTraceElement frame : own.subList(0, Math.min(own.size(), MAX_FRAMES))) {
      text.append("\n    at ").append(shortened(frame));
    }
    if (own.size() > MAX_FRAMES) {
      text.append("\n    ... ").append(own.size() - MAX_FRAMES).append(" more");
    }
    return text.toString();
  }

  /** Returns the frame as text, without the names of class loaders and modules. */
  private static String shortened(StackTraceElement frame) {
    String text = frame.toString();
    String place = text.substring(text.lastIndexOf('/') + 1);
    return place.length() <= MAX_NAME ? place : place.substring(0, end(place, MAX_NAME)) + "...";
  }
}
