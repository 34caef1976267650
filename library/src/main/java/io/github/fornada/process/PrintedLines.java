package io.github.fornada.process;

import java.nio.charset.Charset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Passes lines of a worker on to this process's own output, and remembers the last of them. */
final class PrintedLines {
  private static final int REMEMBERED_LINES = 20;
  private static final int REMEMBERED_LENGTH = 400;

  private final OutputPrinter printer;

  /** The last lines. Guarded by itself: up to three threads pass on lines of one worker. */
  private final ArrayDeque<String> last = new ArrayDeque<>();

  /** The printer's number of the last line. Written under the lock of {@code last}. */
  private volatile long latest;

  PrintedLines(OutputPrinter printer) {
    this.printer = printer;
  }

  /** Passes on a line with its newline. Returns the line as text, without the newline. */
  String pass(boolean error, byte[] line) {
    String text = print(error, line);
    if (!text.isEmpty()) {
      remember(text);
    }
    return text;
  }

  /**
   * Like {@link #pass}, but lines with a #, the JVM's crash banner, do not replace the last lines
   * that the task printed.
   */
  void passRaw(boolean error, byte[] line) {
    String text = print(error, line);
    if (!text.isEmpty() && !text.startsWith("#")) {
      remember(text);
    }
  }

  private String print(boolean error, byte[] line) {
    long number = printer.add(error, line);
    synchronized (last) {
      latest = Math.max(latest, number);
    }
    return new String(line, Charset.defaultCharset()).stripTrailing();
  }

  /** Waits until all lines of this worker were printed, as {@link OutputPrinter#await} does. */
  void awaitPassedOn() {
    printer.await(latest);
  }

  void remember(String text) {
    synchronized (last) {
      if (last.size() == REMEMBERED_LINES) {
        last.removeFirst();
      }
      last.addLast(
          text.length() <= REMEMBERED_LENGTH ? text : text.substring(0, REMEMBERED_LENGTH));
    }
  }

  List<String> last() {
    synchronized (last) {
      return new ArrayList<>(last);
    }
  }
}
