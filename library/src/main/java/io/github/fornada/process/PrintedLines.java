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

  /** The last lines. Guarded by itself: up to three threads pass on lines of one worker. */
  private final ArrayDeque<String> last = new ArrayDeque<>();

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

  private static String print(boolean error, byte[] line) {
    // As bytes, in one call: lines stay whole even if other threads print, and bytes that are not
    // text are not changed.
    PrintStream out = error ? System.err : System.out;
    try {
      out.write(line, 0, line.length);
      out.flush();
    } catch (RuntimeException e) {
      // The user's own stream, set by System.setOut, fails: no reason to lose a worker.
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
