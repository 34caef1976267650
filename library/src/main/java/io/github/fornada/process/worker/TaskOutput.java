package io.github.fornada.process.worker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * A worker's {@code System.out} or {@code System.err}: each write is sent to the parent at once,
 * with the number of the running item, so that it arrives before the item's result and is not lost
 * in a crash.
 */
final class TaskOutput extends PrintStream {
  /** Written once, before any user code. */
  private static PrintStream out = System.out;

  private static PrintStream err = System.err;
  private static InputStream in = System.in;

  private static final Channel OUT = new Channel(System.out, false);
  private static final Channel ERR = new Channel(System.err, true);

  private TaskOutput(Channel channel, Charset charset) {
    super(channel, false, charset);
  }

  /** Receives pieces of output to send; implemented by the task loop. */
  @FunctionalInterface
  interface Sink {
    void send(boolean error, byte[] bytes, int from, int length) throws IOException;
  }

  /**
   * Replaces the JVM's output streams. Called before any user code, because an initializer may keep
   * the streams that it finds, as a logger's console handler does.
   */
  static void install() {
    System.setOut(new TaskOutput(OUT, charset("stdout.encoding")));
    System.setErr(new TaskOutput(ERR, charset("stderr.encoding")));
    out = System.out;
    err = System.err;
    in = System.in;
  }

  /** Sends output to the parent from now on; until then it goes to the original streams. */
  static void connect(Sink sink) {
    OUT.sink = sink;
    ERR.sink = sink;
    reinstall();
  }

  /**
   * Flushes a task's own System.out and System.err. They are user code, so this must be called
   * while the item's timeout still applies. An item whose output fails has not failed.
   */
  static void flushReplaced() {
    flushReplaced(System.out, out, "System.out");
    flushReplaced(System.err, err, "System.err");
  }

  @SuppressWarnings("ReferenceEquality")
  private static void flushReplaced(@Nullable PrintStream now, PrintStream own, String name) {
    if (now != null && now != own) {
      try {
        now.flush();
        // whatever it throws: what the task printed is lost, and a message says so
      } catch (Throwable e) {
        err.println(
            "fornada worker: the " + name + " that the task has set failed: " + e.getClass());
      }
    }
  }

  /** Undoes what a task did by System.setOut and System.setErr. Runs no user code. */
  @SuppressWarnings("ReferenceEquality")
  static void reinstall() {
    if (System.out != out) {
      System.setOut(out);
    }
    if (System.err != err) {
      System.setErr(err);
    }
    if (System.in != in) {
      System.setIn(in);
    }
  }

  private static Charset charset(String property) {
    @Nullable String name = System.getProperty(property);
    return name == null ? Charset.defaultCharset() : Charset.forName(name);
  }

  /** Does not close: a task that closes its output must not silence later tasks. */
  @Override
  public void close() {
    flush();
  }

  private static final class Channel extends OutputStream {
    private static final int LONGEST_PIECE = 32 * 1024;

    private final PrintStream before;
    private final boolean error;

    /** Null until the parent can receive output. Written once. */
    private volatile @Nullable Sink sink;

    Channel(PrintStream before, boolean error) {
      this.before = before;
      this.error = error;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      Sink to = sink;
      if (to == null) {
        before.write(bytes, from, length);
        before.flush();
        return;
      }
      for (int at = 0; at < length; at += LONGEST_PIECE) {
        to.send(error, bytes, from + at, Math.min(LONGEST_PIECE, length - at));
      }
    }
  }
}
