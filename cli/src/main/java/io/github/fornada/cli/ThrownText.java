package io.github.fornada.cli;

import io.github.fornada.RemoteTaskException;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.SlowClasses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What is told of an exception that a task threw: message, frames of the user's code, causes,
 * suppressed exceptions. All of these come from methods that the user's class may override, and
 * which may throw, never return, or return without end more. So they are called on a thread that
 * they may block, and the time and the size of what is told are limited.
 */
final class ThrownText {
  private static final String NOT_CALLED = " (its own methods do not return in time)";
  private static final String CUT_OFF =
      "(the rest is missing: a method of this exception did not return in time)";

  private static final String RENDERING = Rendering.class.getName();
  private static final String COMMAND = ThrownText.class.getPackageName() + ".";
  private static final String JACKSON = "com.fasterxml.jackson.";

  /** How the names of the JDK's classes begin, where a frame does not have its module. */
  private static final Pattern JDK = Pattern.compile("(java|javax|jdk|sun|com\\.sun)\\.");

  /** What the JVM leaves out of stacks, but not out of those of an OutOfMemoryError. */
  private static final Pattern HIDDEN =
      Pattern.compile("java\\.lang\\.invoke\\.(LambdaForm\\$|[A-Za-z]+\\$Holder)");

  private static final int MAX_FRAMES = 8;
  private static final int MAX_CAUSES = 10;

  /** The maximum number of exceptions in one report: causes, suppressed ones, and their causes. */
  private static final int MAX_EXCEPTIONS = 20;

  private static final int MAX_SUPPRESSED = 5;
  private static final int MAX_MESSAGE = 4_000;
  private static final int MAX_NAME = 500;

  /** Classes whose methods did not return in time, and are not called for a while. */
  private static final SlowClasses SLOW = new SlowClasses(Duration.ofSeconds(10)); // Guess

  /** What a part tells of. */
  private enum Kind {
    THROWN,
    CAUSE,
    SUPPRESSED,
    FRAMES,
    MORE_SUPPRESSED,
    CUT_OFF
  }

  /**
   * A part of what is told, in the order in which it is found out: an exception, what it has
   * suppressed, its cause, what that has suppressed.
   *
   * @param depth how often one suppressed the next, from what was thrown to this
   * @param at of frames, the first that is the task's
   */
  private record Part(Kind kind, int depth, String text, @Nullable String at) {
    Part(Kind kind, int depth, String text) {
      this(kind, depth, text, null);
    }
  }

  /**
   * An exception as programs read it, with one line of its stack.
   *
   * @param error its class and message
   * @param at where in the task it was thrown; null if that is not known
   * @param causes its cause, the cause of that, and so on
   * @param suppressed what it has suppressed
   */
  record Told(String error, @Nullable String at, List<Told> causes, List<Told> suppressed) {
    /** Returns the same with other words. */
    Told map(UnaryOperator<String> words) {
      return new Told(
          words.apply(error),
          at,
          causes.stream().map(each -> each.map(words)).toList(),
          suppressed.stream().map(each -> each.map(words)).toList());
    }
  }

  // Guarded by this: the describing thread adds to it, and the waiting thread reads what is
  // complete.
  private final List<Part> parts = new ArrayList<>();

  // Used by the describing thread only.
  private final Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
  private int described;

  /** Whose methods are being called. Written by the describing thread, read by the waiting one. */
  private volatile @Nullable Throwable called;

  private ThrownText() {}

  /** Returns some lines, without an end of line. */
  static String of(Throwable thrown) {
    return text(parts(thrown));
  }

  /** Returns the same for programs. */
  static Told told(Throwable thrown) {
    List<Part> parts = parts(thrown);
    return told(parts, new int[] {0});
  }

  /** Returns what is told of an exception; at least one part. */
  private static List<Part> parts(Throwable thrown) {
    var nothing = List.of(notCalled(Kind.THROWN, 0, thrown));
    if (SLOW.contains(thrown.getClass())) {
      return nothing;
    }
    var report = new ThrownText();
    boolean complete =
        BoundedText.call(
            () -> {
              report.append(thrown, Kind.THROWN, 0);
              return true;
            },
            false,
            false,
            report::blame);
    List<Part> found = report.soFar();
    if (found.isEmpty()) {
      return nothing;
    }
    if (!complete) {
      found.add(new Part(Kind.CUT_OFF, 0, CUT_OFF));
    }
    return found;
  }

  /** Returns what is told of an exception whose methods do not return in time. */
  private static Part notCalled(Kind kind, int depth, Throwable thrown) {
    return new Part(kind, depth, thrown.getClass().getName() + NOT_CALLED);
  }

  /**
   * Marks the class whose methods have not returned in time: that of a cause, it may be. A class of
   * the JDK is not to blame: there the machine stood still. A race only costs another attempt.
   */
  private void blame() {
    Throwable slow = called;
    ClassLoader loader = slow == null ? null : slow.getClass().getClassLoader();
    if (slow != null && loader != null && !loader.equals(ClassLoader.getPlatformClassLoader())) {
      SLOW.add(slow.getClass());
    }
  }

  private synchronized List<Part> soFar() {
    return new ArrayList<>(parts);
  }

  private void add(Kind kind, int depth, String text) {
    add(new Part(kind, depth, text));
  }

  private synchronized void add(Part part) {
    parts.add(part);
  }

  private void append(Throwable thrown, Kind first, int depth) {
    Kind kind = first;
    String last = "";
    @Nullable Throwable t = thrown;
    for (int causes = 0; t != null && seen.add(t); causes++) {
      if (causes > MAX_CAUSES || described >= MAX_EXCEPTIONS) {
        add(kind, depth, "... (more causes are left out)");
        return;
      }
      Throwable current = t;
      described++;
      if (SLOW.contains(current.getClass())) {
        add(notCalled(kind, depth, current));
        return;
      }
      called = current;
      String name = describe(current);
      // A cause with the same text as the exception before, as with a wrapper, adds nothing.
      if (!name.equals(last)) {
        add(kind, depth, name);
        add(frames(current, depth));
        appendSuppressed(current, depth);
      }
      last = name;
      kind = Kind.CAUSE;
      called = current; // again, after what it has suppressed
      t = causeOf(current);
    }
  }

  private static Part frames(Throwable thrown, int depth) {
    List<StackTraceElement> stack;
    try {
      stack = List.of(thrown.getStackTrace());
    } catch (Throwable e) { // the method is the user's, too
      return new Part(Kind.FRAMES, depth, "\n    (its stack trace cannot be had)");
    }
    List<StackTraceElement> own = own(stack);
    int first = firstOfTask(own);
    return new Part(Kind.FRAMES, depth, frames(own, first), place(own, first));
  }

  private void appendSuppressed(Throwable thrown, int depth) {
    Throwable[] suppressed;
    try {
      suppressed = thrown.getSuppressed();
    } catch (Throwable e) { // the method is final in Throwable, but the list may be broken
      return;
    }
    int n = 0;
    for (Throwable each : suppressed) {
      if (n == MAX_SUPPRESSED || described >= MAX_EXCEPTIONS || depth > MAX_CAUSES) {
        add(Kind.MORE_SUPPRESSED, depth + 1, "... " + (suppressed.length - n) + " more suppressed");
        return;
      }
      n++;
      if (!seen.contains(each)) {
        append(each, Kind.SUPPRESSED, depth + 1);
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
    if (t instanceof OutOfMemoryError || OptionWording.isWordOfLibrary(t)) {
      text = OptionWording.withOptions(text); // the message has the pool's advice
    }
    String whole =
        text.length() <= MAX_MESSAGE
            ? text
            : text.substring(0, end(text, MAX_MESSAGE))
                + "... ("
                + (text.length() - MAX_MESSAGE)
                + " more characters)";
    return whole.stripTrailing();
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

  // ---- for people

  private static String text(List<Part> parts) {
    var text = new StringBuilder();
    for (Part part : parts) {
      String lineBreak = "\n" + "  ".repeat(part.depth());
      // No line of a message may look like one of the command's own.
      String words = part.text().replace("\n", "\n    ");
      switch (part.kind()) {
        case THROWN -> text.append(words);
        case CAUSE -> text.append(lineBreak).append("  caused by: ").append(words);
        case FRAMES -> text.append(part.text().replace("\n", lineBreak));
        case SUPPRESSED -> text.append(lineBreak).append("suppressed: ").append(words);
        case MORE_SUPPRESSED -> text.append(lineBreak).append(words);
        case CUT_OFF -> text.append("\n    ").append(words);
      }
    }
    return text.toString();
  }

  // ---- for programs

  /** Returns the exception at a place, and moves the place behind all that belongs to it. */
  private static Told told(List<Part> parts, int[] place) {
    Part own = parts.get(place[0]++);
    var suppressed = new ArrayList<Told>();
    var causes = new ArrayList<Told>();
    String at = null;
    while (place[0] < parts.size()) {
      Part part = parts.get(place[0]);
      if (part.kind() == Kind.FRAMES) {
        at = part.at();
        place[0]++;
      } else if (part.depth() > own.depth()) {
        suppressed.add(told(parts, place));
      } else if (part.depth() == own.depth()
          && (part.kind() == Kind.CAUSE || part.kind() == Kind.CUT_OFF)
          && own.kind() != Kind.CAUSE) {
        causes.add(told(parts, place));
      } else {
        break; // it belongs to another
      }
    }
    return new Told(own.text(), at, List.copyOf(causes), List.copyOf(suppressed));
  }

  // ---- frames

  /**
   * Returns the frames of the user's code, and of what that called; those of the command below them
   * mean nothing to the user. The first one that is the task's, or a library's, is always there.
   */
  static String frames(List<StackTraceElement> stack) {
    List<StackTraceElement> own = own(stack);
    return frames(own, firstOfTask(own));
  }

  private static String frames(List<StackTraceElement> own, int first) {
    var text = new StringBuilder();
    if (first < MAX_FRAMES) {
      append(text, own, MAX_FRAMES);
    } else {
      append(text, own.subList(0, first), MAX_FRAMES - 1);
      append(text, own.subList(first, own.size()), 1);
    }
    return text.toString();
  }

  /** Appends the first frames, and how many there are more; never that there is one more. */
  private static void append(StringBuilder text, List<StackTraceElement> frames, int most) {
    int shown = frames.size() <= most + 1 ? frames.size() : most;
    for (StackTraceElement frame : frames.subList(0, shown)) {
      text.append("\n    at ").append(shortened(frame));
    }
    if (shown < frames.size()) {
      text.append("\n    ... ").append(frames.size() - shown).append(" more");
    }
  }

  /** Returns where the task was: the first frame that is its own, or a library's; null if none. */
  static @Nullable String place(List<StackTraceElement> stack) {
    List<StackTraceElement> own = own(stack);
    return place(own, firstOfTask(own));
  }

  private static @Nullable String place(List<StackTraceElement> own, int first) {
    return first < 0 ? null : shortened(own.get(first));
  }

  /** Returns the frames above those by which the command, or a pool, called the user's code. */
  private static List<StackTraceElement> own(List<StackTraceElement> all) {
    List<StackTraceElement> stack =
        all.stream().filter(frame -> !HIDDEN.matcher(frame.getClassName()).lookingAt()).toList();
    int task = firstOfTask(stack);
    int end = 0;
    // What a task calls of Fornada belongs to it.
    while (end < stack.size() && (end < task || !isOfFornada(stack.get(end)))) {
      end++;
    }
    if (end == stack.size()) {
      return stack;
    }
    boolean isOfResult = stack.get(end).getClassName().equals(RENDERING);
    while (end > 0 && isOfCall(stack.get(end - 1).getClassName(), isOfResult)) {
      end--;
    }
    return stack.subList(0, end);
  }

  /** Returns the index of the first frame that is neither the JDK's nor Fornada's; -1 if none. */
  private static int firstOfTask(List<StackTraceElement> stack) {
    for (int i = 0; i < stack.size(); i++) {
      StackTraceElement frame = stack.get(i);
      if (frame.getClassName().startsWith(COMMAND)) {
        return -1; // it calls tasks, and no task calls it
      }
      if (!isOfFornada(frame) && !isOfJdk(frame)) {
        return i;
      }
    }
    return -1;
  }

  private static boolean isOfFornada(StackTraceElement frame) {
    return frame.getClassName().startsWith("io.github.fornada.");
  }

  private static boolean isOfJdk(StackTraceElement frame) {
    String module = frame.getModuleName();
    return module == null
        ? JDK.matcher(frame.getClassName()).lookingAt()
        : module.startsWith("java.") || module.startsWith("jdk.");
  }

  /**
   * Returns whether a class may lie between what calls a user's method and that method.
   *
   * @param isOfResult whether the writer of results calls it
   */
  private static boolean isOfCall(String type, boolean isOfResult) {
    return (isOfResult && type.startsWith(JACKSON))
        || type.startsWith("java.lang.reflect.")
        || type.startsWith("java.lang.invoke.")
        || type.startsWith("jdk.internal.reflect.");
  }

  /** Returns the frame as text, without the names of class loaders and modules. */
  private static String shortened(StackTraceElement frame) {
    String text = frame.toString();
    String place = text.substring(text.lastIndexOf('/') + 1);
    return place.length() <= MAX_NAME ? place : place.substring(0, end(place, MAX_NAME)) + "...";
  }
}
