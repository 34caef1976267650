package io.github.fornada.process.payload;

import io.github.fornada.jvm.Log;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.PayloadTooLargeException;
import io.github.fornada.spi.PayloadCodec;
import java.io.IOException;
import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The user's codec at one end of the connection to a worker, with its sessions. Used by one thread
 * at a time, the one that owns that end.
 */
public final class CodecSessions {
  /**
   * The maximum number of loaders whose sessions are kept, the most recently used ones. A session
   * may keep all classes of its loader alive.
   */
  private static final int MAX_SESSIONS = 8; // Guess

  private final PayloadCodec codec;

  /** The loader that the session for writing is opened with; for writing, a codec needs none. */
  private final ClassLoader own;

  private final Map<ClassLoader, PayloadCodec.Session> sessions =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Serial private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ClassLoader, PayloadCodec.Session> eldest) {
          return size() > MAX_SESSIONS;
        }
      };

  // The session used last, as a shortcut.
  private @Nullable ClassLoader latestLoader;
  private PayloadCodec.@Nullable Session latest;

  public CodecSessions(PayloadCodec codec, ClassLoader own) {
    this.codec = codec;
    this.own = own;
  }

  /** Returns the sessions for the parent's side; null for no codec. */
  public static @Nullable CodecSessions of(@Nullable PayloadCodec codec) {
    if (codec == null) {
      return null;
    }
    ClassLoader loader = codec.getClass().getClassLoader();
    return new CodecSessions(codec, loader == null ? ClassLoader.getSystemClassLoader() : loader);
  }

  /** Loads a codec's classes in advance, which may take as long as in a worker. */
  public static void warmUp(@Nullable PayloadCodec codec) {
    CodecSessions sessions = of(codec);
    if (sessions != null) {
      try {
        sessions.open();
      } catch (RuntimeException | LinkageError e) {
        // Items that need the codec will fail for the same reason, and report it.
        Log.get().log(System.Logger.Level.DEBUG, "the codec cannot be opened", e);
      }
    }
  }

  /** Opens the session for writing, so that the first value need not wait for it. */
  public void open() {
    var _ = session(own);
  }

  @SuppressWarnings("NullAway") // a user's codec may return what it likes
  private PayloadCodec.Session opened(ClassLoader loader) {
    PayloadCodec.Session session = codec.open(loader);
    if (session == null) {
      throw new IllegalStateException(
          "the method open of the codec, of " + codec.getClass() + ", returned null");
    }
    return session;
  }

  @SuppressWarnings("ReferenceEquality") // loaders are compared by identity
  private PayloadCodec.Session session(ClassLoader loader) {
    PayloadCodec.Session session = latest;
    if (session == null || latestLoader != loader) {
      session = sessions.get(loader);
      if (session == null) {
        session = opened(loader);
        sessions.put(loader, session);
      }
      latest = session;
      latestLoader = loader;
    }
    return session;
  }

  /**
   * Appends a value.
   *
   * @throws CodecException naming the codec, for whatever it throws
   */
  void write(Object value, MessageOutput out) throws IOException {
    // A codec writes no loaders: a worker that lacks a class asks all known loaders.
    var _ = Loaders.idOf(value.getClass().getClassLoader());
    try {
      session(own).write(value, out);
    } catch (OutOfMemoryError | PayloadTooLargeException e) {
      throw e; // handled elsewhere
    } catch (StackOverflowError e) {
      throw tooDeep("write a " + value.getClass().getName(), e);
    } catch (Throwable e) {
      throw new CodecException(
          codec.name() + " cannot write a " + value.getClass().getName() + ": " + e, e);
    }
  }

  /**
   * Reads a value that takes up all the rest of the input.
   *
   * @throws CodecException naming the codec, for whatever it throws
   */
  Object read(MessageInput in, ClassLoader loader) throws IOException {
    try {
      return session(loader).read(in.array(), in.position(), in.remaining());
    } catch (OutOfMemoryError e) {
      throw e;
    } catch (StackOverflowError e) {
      throw tooDeep("read a value", e);
    } catch (Throwable e) {
      throw new CodecException(codec.name() + " cannot read a value: " + e, e);
    }
  }

  private CodecException tooDeep(String what, StackOverflowError e) {
    return new CodecException(
        codec.name()
            + " cannot "
            + what
            + ": it is nested too deep for the stack of a thread (StackOverflowError). Pass a list"
            + " or an array of the parts, or give the threads larger stacks by -Xss, here and with"
            + " withJvmOptions",
        ObjectStreams.tooDeep("the value", "handled", e));
  }

  /** Thrown when a codec could not write or read a value. */
  public static final class CodecException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    CodecException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
