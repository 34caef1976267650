package io.github.fornada.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes each result as a line: in large pieces when results come fast, and at once when they come
 * slowly. Nothing is delayed for longer than {@value #HOLD_MILLIS} ms.
 */
final class ResultWriter implements AutoCloseable {
  private static final long HOLD_MILLIS = 10;
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int PIECE_CHARS = 1 << 14;

  private final String name;
  private final OutputStream out;
  private final Progress progress;
  private final boolean onTerminal;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition written = lock.newCondition();

  // Guarded by lock.
  private boolean dirty;
  private boolean closed;
  private long lastFlushNanos = System.nanoTime() - HOLD_MILLIS * 1_000_000;

  /** Written once, under lock; read by any thread. */
  private volatile @Nullable IOException failure;

  private volatile Runnable onFailure = () -> {};

  /** What ends each result. Written before the first. */
  private int end = '\n';

  private ResultWriter(String name, OutputStream out, Progress progress, boolean onTerminal) {
    this.name = name;
    this.out = new BufferedOutputStream(out, BUFFER_BYTES);
    this.progress = progress;
    this.onTerminal = onTerminal;
  }

  /**
   * Opens a file, or stdout.
   *
   * @throws Fault if the file cannot be written
   */
  static ResultWriter open(@Nullable OutputFile file, Terminal terminal, Progress progress) {
    return file == null
        ? of("stdout", StandardStreams.get().out(), progress, terminal.outIsTerminal())
        : of(file.given().toString(), file.open(), progress, false);
  }

  private static ResultWriter of(
      String name, OutputStream out, Progress progress, boolean onTerminal) {
    var writer = new ResultWriter(name, out, progress, onTerminal);
    Thread.ofPlatform().daemon().name("fornada-flush").start(writer::flushInTime);
    return writer;
  }

  /** Ends each result with this byte instead of an end of line. Before the first result. */
  void endWith(int last) {
    end = last;
  }

  /** Sets the action to run at once when the output fails; any thread may run it. */
  void onFailure(Runnable action) {
    onFailure = action;
  }

  /** Returns why writing failed; null if it has not. */
  @Nullable IOException failure() {
    return failure;
  }

  /** Returns whether writing failed because the reader has closed the pipe. */
  boolean readerIsGone() {
    IOException e = failure;
    return e != null && BrokenPipe.isCauseOf(e);
  }

  /** Called when the file was written completely but could not replace the old one. */
  void commitFailed(IOException e) {
    failed(e);
  }

  /** Returns the failure as text. */
  String failureText() {
    IOException e = failure;
    return "cannot write to " + name + ": " + (e == null ? "" : Inputs.reason(e));
  }

  /** Writes one result with its end. After a failure it does nothing. */
  void line(String text) {
    lock.lock();
    try {
      if (failure != null || closed) {
        return;
      }
      try {
        write(out, text);
        out.write(end);
        dirty = true;
      } catch (IOException e) {
        failed(e);
        return;
      }
      if (System.nanoTime() - lastFlushNanos > HOLD_MILLIS * 1_000_000) {
        flushLocked();
      } else {
        written.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Writes a text in pieces: encoded as a whole, a large one may not fit into the heap again. */
  static void write(OutputStream out, String text) throws IOException {
    int begin = 0;
    while (text.length() - begin > PIECE_CHARS) {
      int end = begin + PIECE_CHARS;
      if (Character.isHighSurrogate(text.charAt(end - 1))) {
        end--; // a pair is encoded together
      }
      out.write(text.substring(begin, end).getBytes(StandardCharsets.UTF_8));
      begin = end;
    }
    String rest = begin == 0 ? text : text.substring(begin);
    out.write(rest.getBytes(StandardCharsets.UTF_8));
  }

  private void flushLocked() {
    if (!dirty || failure != null) {
      return;
    }
    dirty = false;
    if (onTerminal) {
      progress.aside(this::flushOut);
    } else {
      flushOut();
    }
    lastFlushNanos = System.nanoTime();
  }

  private void flushOut() {
    try {
      out.flush();
    } catch (IOException e) {
      failed(e);
    }
  }

  private void failed(IOException e) {
    if (failure == null) {
      failure = e;
      onFailure.run();
    }
  }

  private void flushInTime() {
    lock.lock();
    try {
      while (!closed && failure == null) {
        if (!dirty) {
          written.await();
          continue;
        }
        long left = lastFlushNanos + HOLD_MILLIS * 1_000_000 - System.nanoTime();
        if (left > 0) {
          var _ = written.awaitNanos(left);
        } else {
          flushLocked();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread()
          .interrupt(); // nothing interrupts this thread; close flushes in any case
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    finish();
  }

  /** Writes what is left, and closes the file or stdout. Check {@link #failure} afterwards. */
  void finish() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      flushLocked();
      closed = true;
      written.signalAll();
      if (failure == null) {
        try {
          out.close();
        } catch (IOException e) {
          failed(e);
        }
      }
    } finally {
      lock.unlock();
    }
  }
}
