package io.github.fornada.process;

import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.OwnThreads;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads a worker process's standard output or error: the JVM's messages, and what native code and
 * child processes print. What tasks print through {@code System.out} is sent in messages instead.
 */
final class OutputDrain implements Runnable {
  private final InputStream from;
  private final LineAssembler lines;

  OutputDrain(InputStream from, boolean error, PrintedLines to) {
    this.from = from;
    this.lines = new LineAssembler(line -> to.passRaw(error, line));
  }

  /** Starts reading on a new thread, which ends with the stream. */
  Thread start(String name) {
    return OwnThreads.daemon(name).start(this);
  }

  @Override
  public void run() {
    byte[] piece = new byte[8192];
    try (from) {
      for (int n = from.read(piece); n >= 0; n = from.read(piece)) {
        add(piece, n);
      }
    } catch (IOException e) {
      // The pipe was closed meanwhile: the worker is gone.
    }
    lines.end();
  }

  private void add(byte[] piece, int n) {
    try {
      lines.add(piece, 0, n);
    } catch (OutOfMemoryError e) {
      HeapShortage.await(e); // this is lost; but unread, the pipe would stop whoever prints
    }
  }
}
