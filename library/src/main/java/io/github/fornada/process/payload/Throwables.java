package io.github.fornada.process.payload;

import io.github.fornada.RemoteTaskException;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Exceptions between processes: always as names, messages and stacks, and beside that as the object
 * itself if it can be serialized. What cannot be rebuilt becomes a {@link RemoteTaskException}.
 */
public final class Throwables {
  private static final int MOST_FRAMES = 1024; // as the JVM's own MaxJavaStackTraceDepth
  private static final int MOST_CAUSES = 20;

  private Throwables() {}

  public static void encode(Throwable thrown, MessageOutput out) {
    encodeNames(thrown, 0, out);
    int start = out.size();
    out.putByte(1);
    try {
      Payloads.encode(thrown, out);
      // A stream may be written well and yet not be read back, by no fault of the reader's.
      Object copy =
          Payloads.decode(
              new MessageInput(out.array(), start + 1, out.size() - start - 1),
              Thread.currentThread().getContextClassLoader());
      if (copy instanceof Throwable) {
        return;
      }
    } catch (Throwable e) {
      // Not the task's failure but its report's: the names above tell what happened.
    }
    out.truncate(start);
    out.putByte(0);
  }

  private static void encodeNames(@Nullable Throwable thrown, int depth, MessageOutput out) {
    int start = out.size();
    try {
      encodeNamesUnguarded(thrown, depth, out);
    } catch (Throwable e) {
      // An exception whose own methods fail: its class is what is left to tell.
      out.truncate(start);
      out.putByte(1).putString(String.valueOf(thrown == null ? null : thrown.getClass().getName()));
      out.putByte(1).putString("(its report failed: " + e.getClass().getName() + ")");
      putStack(List.of(), out);
      out.putByte(0);
    }
  }

  private static void encodeNamesUnguarded(
      @Nullable Throwable thrown, int depth, MessageOutput out) {
    if (thrown == null || depth == MOST_CAUSES) {
      out.putByte(0);
      return;
    }
    out.putByte(1);
    out.putString(thrown.getClass().getName());
    String message = thrown.getMessage();
    out.putByte(message == null ? 0 : 1);
    out.putString(message == null ? "" : message);
    putStack(List.of(thrown.getStackTrace()), out);
    encodeNames(thrown.getCause(), depth + 1, out);
  }

  public static void putStack(List<StackTraceElement> stack, MessageOutput out) {
    int n = Math.min(stack.size(), MOST_FRAMES);
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
    if (n < 0 || n > MOST_FRAMES) {
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

  public static Throwable decode(MessageInput in, ClassLoader loader) throws IOException {
    Throwable names = decodeNames(in, 0);
    if (names == null) {
      throw new CorruptFrameException("a failure without an exception");
    }
    if (in.getByte() == 1) {
      try {
        if (Payloads.decode(in, loader) instanceof Throwable original) {
          return original;
        }
      } catch (Throwable e) { // whatever the user's readObject throws
        names.addSuppressed(e); // why it is not the original
      }
    }
    return names;
  }

  private static @Nullable RemoteTaskException decodeNames(MessageInput in, int depth)
      throws IOException {
    if (in.getByte() == 0) {
      return null;
    }
    if (depth > MOST_CAUSES) {
      throw new CorruptFrameException("more than " + MOST_CAUSES + " causes");
    }
    String type = in.getString();
    boolean hasMessage = in.getByte() == 1;
    String message = in.getString();
    List<StackTraceElement> stack = getStack(in);
    return new RemoteTaskException(
        type,
        hasMessage ? message : null,
        stack.toArray(StackTraceElement[]::new),
        decodeNames(in, depth + 1));
  }
}
