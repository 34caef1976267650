package io.github.fornada.process;

import io.github.fornada.jvm.Log;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Passes lines of a worker on to this process's own output, and remembers the last of them. */
final class PrintedLines {
  private static final int REMEMBERED_LINES = 20;
  private static final int REMEMBERED_LENGTH = 400;

  /** Guarded by itself: up to three threads pass on lines of one worker. */
  private final ArrayDeque<String> last = new ArrayDeque<>();

  /** Passes on a line with its newline. Returns it as text, without. */
  String pass(boolean error, byte[] line) {
    String text = print(error, line);
    if (!text.isEmpty()) {
      remember(text);
    }
    return text;
  }

  /**
   * As pass; but the JVM's crash banner, lines with a #, must not push out what the task said last.
   */
  void passRaw(boolean error, byte[] line) {
    String text = print(error, line);
    if (!text.isEmpty() && !text.startsWith("#")) {
      remember(text);
    }
  }

  private static String print(boolean error, byte[] line) {
    // As bytes, in one call: whole lines whoever else prints, and no harm to bytes that are no
    // text.
    PrintStream out = error ? System.err : System.out;
    try {
      out.write(line, 0, line.length);
      out.flush();
    } catch (RuntimeException e) {
      // Somebody's own stream, set by System.setOut, that fails: no reason to lose a worker.
      Log.get().log(System.Logger.Level.DEBUG, "a line of a worker could not be passed on", e);
    }
    return new String(line, Charset.defaultCharset()).stripTrailing();
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
