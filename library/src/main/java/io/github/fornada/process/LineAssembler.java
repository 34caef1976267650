package io.github.fornada.process;

import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;

/**
 * Assembles whole lines from pieces. A line longer than a bound is passed on in pieces of that
 * length, so that a worker that prints no newline at all costs no memory.
 */
final class LineAssembler {
  private static final int LONGEST = 64 * 1024;

  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final Consumer<byte[]> to;

  /** Passes each line to {@code to}, with its newline. */
  LineAssembler(Consumer<byte[]> to) {
    this.to = to;
  }

  void add(byte[] bytes, int from, int length) {
    int begin = from;
    int end = from + length;
    for (int i = from; i < end; i++) {
      if (bytes[i] == '\n' || line.size() + i + 1 - begin >= LONGEST) {
        line.write(bytes, begin, i + 1 - begin);
        pass();
        begin = i + 1;
      }
    }
    line.write(bytes, begin, end - begin);
  }

  /** Passes on the beginning of a line that will not be completed. */
  void end() {
    if (line.size() > 0) {
      line.write('\n');
      pass();
    }
  }

  private void pass() {
    byte[] whole = line.toByteArray();
    line.reset();
    to.accept(whole);
  }
}
