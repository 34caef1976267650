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
 * What is printed of an exception that a task threw: message, frames of the user's code, causes,
 * suppressed exceptions. All of that comes from methods that the user's class may override, and
 * which may throw, never return, or go on without end. So they are called by a thread that may be
 * lost, for a limited time, and for a limited text.
 */
final class ThrownText {
  private static final String NOT_CALLED = " (its own methods do not return in time)";

  private static final int MAX_FRAMES = 8;
  private static final int MAX_CAUSES = 10;

  /** Exceptions told of in one report: causes, suppressed ones, and their causes. */
  private static final int MAX_EXCEPTIONS = 20;

  private static final int MAX_SUPPRESSED = 5;
  private static final int MAX_MESSAGE = 4_000;
  private static final int MAX_NAME = 500;

  /** Classes whose methods once did not return in time, and are not asked again. */
  private static final ClassValue<boolean[]> SLOW =
      new ClassValue<>() {
        @Override
        protected boolean[] computeValue(Class<?> type) {
          return new boolean[1];
        }
      };

  // Guarded by this: the describing thread adds to it, and the waiting thread takes what there is.
  private final StringBuilder text = new StringBuilder();

  // Used by the teller only.
  private final Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
  private int told;

  private ThrownText() {}

  /** Some lines, without an end of line. */
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
              report.tell(thrown, "\n", 0);
              return report.soFar();
            },
            "",
            "",
            () -> slow[0] = true); // a race loses nothing but another try
    if (!whole.isEmpty()) {
      return whole;
    }
    String told = report.soFar();
    return told.isEmpty()
        ? name + NOT_CALLED
        : told + "\n    (the rest is missing: a method of this exception did not return in time)";
  }

  private synchronized String soFar() {
    return text.toString();
  }

  private synchronized void add(String more) {
    text.append(more);
  }

  private void tell(Throwable thrown, String lineBreak, int depth) {
    String before = "";
    String said = "";
    @Nullable Throwable t = thrown;
    for (int causes = 0; t != null && seen.add(t); causes++) {
      if (causes > MAX_CAUSES || told >= MAX_EXCEPTIONS) {
        add(before + "... (more causes are left out)");
        return;
      }
      Throwable current = t;
      told++;
      String name = describe(current);
      // A cause that says the same once more, as a wrapper's does, says nothing.
      if (!name.equals(said)) {
        add(before + name);
        add(
            of(
                () -> frames(List.of(current.getStackTrace())).replace("\n", lineBreak),
                lineBreak + "    (its stack trace cannot be had)"));
        tellSuppressed(current, lineBreak, depth);
      }
      said = name;
      before = lineBreak + "  caused by: ";
      t = causeOf(current);
    }
  }

  private void tellSuppressed(Throwable thrown, String lineBreak, int depth) {
    Throwable[] suppressed;
    try {
      suppressed = thrown.getSuppressed();
    } catch (Throwable e) { // final in Throwable; what it finds may be broken all the same
      return;
    }
    int n = 0;
    for (Throwable each : suppressed) {
      if (n == MAX_SUPPRESSED || told >= MAX_EXCEPTIONS || depth > MAX_CAUSES) {
        add(lineBreak + "  ... " + (suppressed.length - n) + " more suppressed");
        return;
      }
      n++;
      if (!seen.contains(each)) {
        add(lineBreak + "  suppressed: ");
        tell(each, lineBreak + "  ", depth + 1);
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
    // The stand-in's message begins with the name of the class that was thrown.
    String name = t.getClass().getName();
    String said =
        t instanceof RemoteTaskException
            ? String.valueOf(t.getMessage())
            : of(t::toString, name + " (its message cannot be had)");
    if (t instanceof OutOfMemoryError) {
      said = OptionWording.withOptions(said); // with the pool's advice
    }
    return said.length() <= MAX_MESSAGE
        ? said
        : said.substring(0, end(said, MAX_MESSAGE))
            + "... ("
            + (said.length() - MAX_MESSAGE)
            + " more characters)";
  }

  /** Not between the two halves of one character. */
  private static int end(String text, int length) {
    return Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
  }

  private static String of(Supplier<@Nullable String> words, String otherwise) {
    try {
      String said = words.get();
      return said == null ? otherwise : said;
    } catch (Throwable e) { // whatever it is: the report of a failure must not be a second one
      return otherwise;
    }
  }

  /** The frames of the user's code; those of the command below it say nothing to the user. */
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

  /** Without the names of class loaders and modules. */
  private static String shortened(StackTraceElement frame) {
    String text = frame.toString();
    String place = text.substring(text.lastIndexOf('/') + 1);
    return place.length() <= MAX_NAME ? place : place.substring(0, MAX_NAME) + "...";
  }
}
