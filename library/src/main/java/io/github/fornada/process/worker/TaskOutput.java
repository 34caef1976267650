package io.github.fornada.process.worker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * A worker's {@code System.out} or {@code System.err}: each write goes to the parent at once,
 * together with the item that is running, so that it is there before the item's result and after
 * its crash.
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

  /** Sends pieces of output; implemented by the task loop. */
  @FunctionalInterface
  interface Sink {
    void send(boolean error, byte[] bytes, int from, int length) throws IOException;
  }

  /**
   * From now on what is printed comes through here. Before any user code: an initializer may keep
   * the streams it finds, as a logger's console handler does.
   */
  static void install() {
    System.setOut(new TaskOutput(OUT, charset("stdout.encoding")));
    System.setErr(new TaskOutput(ERR, charset("stderr.encoding")));
    out = System.out;
    err = System.err;
    in = System.in;
  }

  /** From now on it is sent to the parent; until then it went where it would have gone anyway. */
  static void connect(Sink sink) {
    OUT.sink = sink;
    ERR.sink = sink;
    reinstall();
  }

  /**
   * Lets a task's own System.out and System.err pass on what they hold. The user's code: to be
   * called while the item is still watched. An item whose output fails has not failed.
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
      } catch (Throwable e) { // whatever it throws: what the task printed is lost, and is told so
        err.println(
            "fornada worker: the " + name + " that the task has set failed: " + e.getClass());
      }
    }
  }

  /** Undoes what a task did by System.setOut and its like. Runs no code of the user's. */
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

  /** A task that closes its output must not silence the tasks after it. */
  @Override
  public void close() {
    flush();
  }

  private static final class Channel extends OutputStream {
    private static final int LONGEST_PIECE = 32 * 1024;

    private final PrintStream before;
    private final boolean error;

    /** Null until the parent reads what is sent. Written once. */
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
