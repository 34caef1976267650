package io.github.fornada.cli;

import java.io.IOException;
import java.nio.file.Files;

/**
 * The terminal: stderr, and what is known about it.
 *
 * @param err the stderr that the command was started with
 * @param errIsTerminal whether stderr is a terminal
 * @param outIsTerminal whether stdout is a terminal
 * @param columns width of the terminal
 * @param quiet whether only what went wrong is told
 */
record Terminal(
    MessageStream err, boolean errIsTerminal, boolean outIsTerminal, int columns, boolean quiet) {
  private static final int DEFAULT_COLUMNS = 80;

  /**
   * Returns the terminal of this process. The launcher passes what Java cannot find out by itself.
   */
  static Terminal ofProcess() {
    return ofProcess(false);
  }

  /** Returns the terminal of this process; {@code quiet} says nothing that did not go wrong. */
  static Terminal ofProcess(boolean quiet) {
    return new Terminal(
        StandardStreams.get().err(),
        isTerminal(StandardStreams.Standard.ERR),
        isTerminal(StandardStreams.Standard.OUT),
        Math.max(2, Integer.getInteger("fornada.columns", DEFAULT_COLUMNS)),
        quiet);
  }

  /** Prints what is good to know, unless the user wants silence. */
  void note(String text) {
    if (!quiet) {
      err.println(text);
    }
  }

  /** Returns whether a bar can be drawn on stderr and removed again. */
  boolean hasBar() {
    return errIsTerminal && !isDumb();
  }

  /** Returns whether stdout shows colours, and the user wants them. */
  static boolean showsColours() {
    String refused = System.getenv("NO_COLOR"); // https://no-color.org
    return isTerminal(StandardStreams.Standard.OUT)
        && !isDumb()
        && (refused == null || refused.isEmpty());
  }

  /** Returns whether the terminal supports no escape codes. */
  private static boolean isDumb() {
    String type = System.getenv("TERM");
    return type == null || type.isEmpty() || type.equals("dumb") || type.equals("unknown");
  }

  private static boolean isTerminal(StandardStreams.Standard stream) {
    String value = System.getProperty("fornada.terminals");
    if (value != null) {
      return value.contains(String.valueOf(stream.number()));
    }
    try {
      String target = Files.readSymbolicLink(StandardStreams.get().device(stream)).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false; // without /proc there is no such file: then it is safer to print no bar
    }
  }
}
