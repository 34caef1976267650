package io.github.fornada.process;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Passes what a worker prints on to this process, in whole lines, and remembers the last of them. A
 * line longer than a bound is passed on in pieces, so that a worker that prints no newline at all
 * costs no memory.
 */
final class OutputDrain implements Runnable {
  private static final int LONGEST_LINE = 64 * 1024;
  private static final int REMEMBERED_LINES = 20;
  private static final int REMEMBERED_LENGTH = 400;

  /** What both streams of one worker printed last. Guarded by itself. */
  static final class Memory {
    private final ArrayDeque<String> lines = new ArrayDeque<>();

    synchronized void add(String line) {
      if (lines.size() == REMEMBERED_LINES) {
        lines.removeFirst();
      }
      lines.addLast(
          line.length() <= REMEMBERED_LENGTH ? line : line.substring(0, REMEMBERED_LENGTH));
    }

    synchronized List<String> lines() {
      return new ArrayList<>(lines);
    }
  }

  private final InputStream from;
  private final Supplier<PrintStream> to;
  private final Memory memory;

  OutputDrain(InputStream from, Supplier<PrintStream> to, Memory memory) {
    this.from = from;
    this.to = to;
    this.memory = memory;
  }

  /** Starts to pass on; the thread ends with the stream. */
  Thread start(String name) {
    return Thread.ofPlatform().daemon().name(name).start(this);
  }

  @Override
  public void run() {
    var line = new ByteArrayOutputStream();
    try (var in = new BufferedInputStream(from)) {
      for (int b = in.read(); b >= 0; b = in.read()) {
        line.write(b);
        if (b == '\n' || line.size() == LONGEST_LINE) {
          pass(line);
        }
      }
    } catch (IOException e) {
      // The pipe was closed under us: the worker is gone.
    }
    if (line.size() > 0) {
      line.write('\n');
      pass(line);
    }
  }

  private void pass(ByteArrayOutputStream line) {
    byte[] bytes = line.toByteArray();
    line.reset();
    String text = new String(bytes, Charset.defaultCharset()).stripTrailing();
    if (!text.isEmpty()) {
      memory.add(text);
    }
    // As bytes, in one call: whole lines whoever else prints, and no harm to bytes that are no
    // text.
    PrintStream out = to.get();
    out.write(bytes, 0, bytes.length);
    out.flush();
  }
}
