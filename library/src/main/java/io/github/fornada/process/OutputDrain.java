package io.github.fornada.process;

import io.github.fornada.jvm.OwnThreads;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads what comes out of a worker's own standard output or error: the JVM's messages, and what
 * native code and child processes print. What tasks print through {@code System.out} comes another
 * way.
 */
final class OutputDrain implements Runnable {
  private final InputStream from;
  private final LineAssembler lines;

  OutputDrain(InputStream from, boolean error, PrintedLines to) {
    this.from = from;
    this.lines = new LineAssembler(line -> to.passRaw(error, line));
  }

  /** Starts to read; the thread ends with the stream. */
  Thread start(String name) {
    return OwnThreads.daemon(name).start(this);
  }

  @Override
  public void run() {
    byte[] piece = new byte[8192];
    try (from) {
      for (int n = from.read(piece); n >= 0; n = from.read(piece)) {
        lines.add(piece, 0, n);
      }
    } catch (IOException e) {
      // The pipe was closed under us: the worker is gone.
    }
    lines.end();
  }
}
