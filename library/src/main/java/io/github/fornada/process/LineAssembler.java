package io.github.fornada.process;

import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;

/**
 * Assembles whole lines from pieces. A line longer than a bound is passed on in pieces of about
 * that length, so that a worker that prints no newline at all costs no memory.
 */
final class LineAssembler {
  private static final int LONGEST = 64 * 1024;

  /** The bytes of a character of UTF-8 after its first. */
  private static final int MOST_OF_CHARACTER = 3;

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
      if (isCut(line.size() + i - begin, bytes[i])) {
        line.write(bytes, begin, i - begin);
        pass();
        begin = i;
      }
      if (bytes[i] == '\n') {
        line.write(bytes, begin, i + 1 - begin);
        pass();
        begin = i + 1;
      }
    }
    line.write(bytes, begin, end - begin);
  }

  /** Returns whether a line ends before its next byte: never within a character of UTF-8. */
  private static boolean isCut(int length, byte next) {
    boolean goesOn = (next & 0xC0) == 0x80;
    return length >= (goesOn ? LONGEST + MOST_OF_CHARACTER : LONGEST);
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
