package io.github.fornada.process.payload;

import io.github.fornada.RemoteTaskException;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Sends exceptions between processes: always as names, messages and stacks, and also as objects if
 * they can be serialized. A {@link RemoteTaskException} replaces each exception that cannot be
 * sent, and no other: an exception is sent even if its cause cannot be.
 */
public final class Throwables {
  private static final int MAX_FRAMES = 1024; // the default of the JVM's MaxJavaStackTraceDepth
  private static final int MAX_CAUSES = 20;

  /** The maximum number of exceptions that are described, causes and suppressed ones together. */
  private static final int MAX_EXCEPTIONS = 100; // Guess

  private Throwables() {}

  /**
   * Appends an exception with its causes and its suppressed ones.
   *
   * @param loader the loader of the function that threw it; the thread's context loader may have
   *     changed
   */
  public static void encode(Throwable thrown, MessageOutput out, ClassLoader loader) {
    encodeNames(thrown, 0, new Budget(), out);
    int mark = out.size();
    out.putByte(1);
    try {
      if (tryToWrite(thrown, null, out, loader) || writeInParts(thrown, out, loader)) {
        return;
      }
    } catch (Throwable e) {
      // This is a failure of the report, not of the task: the names above say what happened.
    }
    out.truncate(mark);
    out.putByte(0);
  }

  /**
   * Appends an object. Returns false, with nothing appended, if that is impossible. The bytes are
   * read back as a check, because an object may be written without an error and still not be
   * readable.
   */
  private static boolean tryToWrite(
      Throwable thrown,
      @Nullable UnaryOperator<Object> replace,
      MessageOutput out,
      ClassLoader loader) {
    int from = out.size();
    try {
      out.putByte(Payloads.SERIALIZED);
      var told = new IdentityHashMap<Object, Throwable>();
      UnaryOperator<Object> known =
          // not a lambda: the report of a first failure would wait while it is linked
          new UnaryOperator<>() {
            @Override
            public Object apply(Object object) {
              Object written = replace == null ? object : replace.apply(object);
              if (Loaders.isOfThisWorkerOnly(written.getClass().getClassLoader())) {
                throw new IllegalArgumentException("its class is in this process only");
              }
              return written.getClass() == NullPointerException.class
                  ? told.computeIfAbsent(written, e -> withMessage((NullPointerException) e))
                  : written;
            }
          };
      ObjectStreams.write(thrown, out, known);
      var copy = new MessageInput(out.array(), from, out.size() - from);
      if (Payloads.decode(copy, loader) instanceof Throwable) {
        return true;
      }
    } catch (Throwable e) { // anything that the user's writeObject or readObject throws
      // It cannot be sent as it is.
    }
    out.truncate(from);
    return false;
  }

  /**
   * Returns an exception that has its message: the JVM works out what was null when it is asked,
   * from code that only this process has.
   */
  private static Throwable withMessage(NullPointerException thrown) {
    var told = new NullPointerException(thrown.getMessage());
    told.setStackTrace(thrown.getStackTrace());
    if (thrown.getCause() != null) {
      told.initCause(thrown.getCause());
    }
    for (Throwable suppressed : thrown.getSuppressed()) {
      told.addSuppressed(suppressed);
    }
    return told;
  }

  /**
   * Appends the exception, with replacements for those that cannot be sent, among itself, its
   * causes and its suppressed ones.
   */
  @SuppressWarnings("ReferenceEquality") // exceptions are compared by identity
  private static boolean writeInParts(Throwable thrown, MessageOutput out, ClassLoader loader) {
    var standIns = new IdentityHashMap<Throwable, Throwable>();
    Set<Throwable> all = Collections.newSetFromMap(new IdentityHashMap<>());
    collect(thrown, 0, all);
    var trial = new MessageOutput();
    for (Throwable each : all) {
      UnaryOperator<Object> others = object -> object == each ? object : alone(object);
      if (!tryToWrite(each, others, trial.clear(), loader)) {
        standIns.put(each, standIn(each, all));
      }
    }
    UnaryOperator<Object> replace =
        object -> {
          if (!(object instanceof Throwable part) || object instanceof RemoteTaskException) {
            return object;
          }
          Throwable instead = standIns.get(part);
          return instead != null ? instead : all.contains(part) ? part : alone(part);
        };
    return tryToWrite(thrown, replace, out, loader);
  }

  /** Returns a replacement for an exception, without its cause and its suppressed exceptions. */
  private static Object alone(Object object) {
    return object instanceof Throwable part && !(part instanceof RemoteTaskException)
        ? standIn(part, Set.of())
        : object;
  }

  private static RemoteTaskException standIn(Throwable thrown, Set<Throwable> kept) {
    String message;
    StackTraceElement[] stack;
    Throwable cause;
    try {
      message = thrown.getMessage();
    } catch (Throwable e) {
      message = failed(e);
    }
    try {
      stack = List.of(thrown.getStackTrace()).toArray(StackTraceElement[]::new);
    } catch (Throwable e) {
      stack = new StackTraceElement[0];
    }
    try {
      cause = thrown.getCause();
    } catch (Throwable e) {
      cause = null;
    }
    var made =
        new RemoteTaskException(
            thrown.getClass().getName(),
            message,
            stack,
            cause != null && kept.contains(cause) ? cause : null);
    for (Throwable suppressed : thrown.getSuppressed()) {
      if (kept.contains(suppressed)) {
        made.addSuppressed(suppressed);
      }
    }
    return made;
  }

  private static void collect(Throwable thrown, int depth, Set<Throwable> all) {
    if (depth > MAX_CAUSES || all.size() == MAX_EXCEPTIONS || !all.add(thrown)) {
      return;
    }
    try {
      Throwable cause = thrown.getCause();
      if (cause != null) {
        collect(cause, depth + 1, all);
      }
    } catch (RuntimeException | Error e) {
      // Its own getCause fails: it is sent without a cause.
    }
    for (Throwable suppressed : thrown.getSuppressed()) {
      collect(suppressed, depth + 1, all);
    }
  }

  private static String failed(Throwable e) {
    return "(its report failed: " + e.getClass().getName() + ")";
  }

  /**
   * How many more exceptions may be described: exceptions that suppress each other may be very
   * many.
   */
  private static final class Budget {
    int left = MAX_EXCEPTIONS;
  }

  private static void encodeNames(
      @Nullable Throwable thrown, int depth, Budget budget, MessageOutput out) {
    int mark = out.size();
    try {
      encodeNamesUnguarded(thrown, depth, budget, out);
    } catch (Throwable e) {
      // The exception's own methods fail: only its class can be reported.
      out.truncate(mark);
      out.putByte(1).putString(String.valueOf(thrown == null ? null : thrown.getClass().getName()));
      out.putByte(1).putString(failed(e));
      putStack(List.of(), out);
      out.putByte(0).putInt(0);
    }
  }

  private static void encodeNamesUnguarded(
      @Nullable Throwable thrown, int depth, Budget budget, MessageOutput out) {
    if (thrown == null || depth == MAX_CAUSES || budget.left == 0) {
      out.putByte(0);
      return;
    }
    budget.left--;
    out.putByte(1);
    out.putString(thrown.getClass().getName());
    String message = thrown.getMessage();
    out.putByte(message == null ? 0 : 1);
    out.putString(message == null ? "" : message);
    putStack(List.of(thrown.getStackTrace()), out);
    encodeNames(thrown.getCause(), depth + 1, budget, out);
    Throwable[] suppressed = thrown.getSuppressed();
    int count = Math.min(suppressed.length, budget.left);
    out.putInt(count);
    for (int i = 0; i < count; i++) {
      encodeNames(suppressed[i], depth + 1, budget, out);
    }
  }

  public static void putStack(List<StackTraceElement> stack, MessageOutput out) {
    int n = Math.min(stack.size(), MAX_FRAMES);
    out.putInt(n);
    for (int i = 0; i < n; i++) {
      StackTraceElement frame = stack.get(i);
      out.putString(frame.getClassName());
      out.putString(frame.getMethodName());
      out.putString(frame.getFileName() == null ? "" : frame.getFileName());
      out.putInt(frame.getLineNumber());
    }
  }

  public static List<StackTraceElement> getStack(MessageInput in) throws IOException {
    int n = in.getInt();
    if (n < 0 || n > MAX_FRAMES) {
      throw new CorruptFrameException("a stack of " + n + " frames");
    }
    var stack = new StackTraceElement[n];
    for (int i = 0; i < n; i++) {
      String type = in.getString();
      String method = in.getString();
      String file = in.getString();
      stack[i] = new StackTraceElement(type, method, file.isEmpty() ? null : file, in.getInt());
    }
    return List.of(stack);
  }

  /** Reads an exception. Runs the user's code if its class has such. */
  public static Throwable decode(MessageInput in, ClassLoader loader) throws IOException {
    return decode(in, rest -> Payloads.decodeAndLearn(rest, loader, null));
  }

  /**
   * Reads an exception as {@link #decode} does if that runs no user code.
   *
   * @throws UserCodeException if it might
   */
  public static Throwable decodeWithoutUserCode(MessageInput in, ClassLoader loader)
      throws IOException {
    return decode(in, rest -> Payloads.decodeWithoutUserCode(rest, loader));
  }

  private interface Decoder {
    @Nullable Object decode(MessageInput in) throws IOException, ClassNotFoundException;
  }

  private static Throwable decode(MessageInput in, Decoder decoder) throws IOException {
    Throwable names = decodeNames(in);
    if (in.getByte() == 1) {
      try {
        if (decoder.decode(in) instanceof Throwable original) {
          return original;
        }
      } catch (UserCodeException e) {
        throw e;
      } catch (Throwable e) { // anything that the user's readObject throws
        names.addSuppressed(e); // says why this is not the original
      }
    }
    return names;
  }

  /**
   * Reads the names, messages and stacks of an exception and leaves the rest: runs no user code.
   */
  public static RemoteTaskException decodeNames(MessageInput in) throws IOException {
    RemoteTaskException names = decodeNames(in, 0);
    if (names == null) {
      throw new CorruptFrameException("a failure without an exception");
    }
    return names;
  }

  private static @Nullable RemoteTaskException decodeNames(MessageInput in, int depth)
      throws IOException {
    if (in.getByte() == 0) {
      return null;
    }
    if (depth > MAX_CAUSES) {
      throw new CorruptFrameException("more than " + MAX_CAUSES + " causes");
    }
    String type = in.getString();
    boolean hasMessage = in.getByte() == 1;
    String message = in.getString();
    List<StackTraceElement> stack = getStack(in);
    Throwable cause = decodeNames(in, depth + 1);
    var made =
        new RemoteTaskException(
            type, hasMessage ? message : null, stack.toArray(StackTraceElement[]::new), cause);
    int suppressed = in.getInt();
    if (suppressed < 0 || suppressed > MAX_EXCEPTIONS) {
      throw new CorruptFrameException(suppressed + " suppressed exceptions");
    }
    for (int i = 0; i < suppressed; i++) {
      RemoteTaskException each = decodeNames(in, depth + 1);
      if (each != null) {
        made.addSuppressed(each);
      }
    }
    return made;
  }
}
