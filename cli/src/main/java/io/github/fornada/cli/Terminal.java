package io.github.fornada.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;

/**
 * Where people read: stderr, and what is known about it.
 *
 * @param err the stderr that the command was started with
 * @param errIsTerminal whether stderr is a terminal
 * @param outIsTerminal whether stdout is one
 * @param columns width of the terminal
 */
record Terminal(PrintStream err, boolean errIsTerminal, boolean outIsTerminal, int columns) {
  private static final int DEFAULT_COLUMNS = 80;

  /** As this process was started. The launcher says what Java cannot find out by itself. */
  static Terminal ofProcess() {
    return new Terminal(
        StandardStreams.get().err(),
        isTerminal(StandardStreams.Standard.ERR),
        isTerminal(StandardStreams.Standard.OUT),
        Math.max(20, Integer.getInteger("fornada.columns", DEFAULT_COLUMNS)));
  }

  /** Whether a bar can be drawn on stderr and taken away again. */
  boolean hasBar() {
    return errIsTerminal && !isDumb();
  }

  /** Whether stdout shows colours, and its user wants them. */
  static boolean showsColours() {
    String refused = System.getenv("NO_COLOR"); // https://no-color.org
    return isTerminal(StandardStreams.Standard.OUT)
        && !isDumb()
        && (refused == null || refused.isEmpty());
  }

  /** Whether the terminal knows no escape codes. */
  private static boolean isDumb() {
    String type = System.getenv("TERM");
    return type == null || type.isEmpty() || type.equals("dumb") || type.equals("unknown");
  }

  private static boolean isTerminal(StandardStreams.Standard stream) {
    String told = System.getProperty("fornada.terminals");
    if (told != null) {
      return told.contains(String.valueOf(stream.number()));
    }
    try {
      String target = Files.readSymbolicLink(StandardStreams.get().device(stream)).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false; // no such file where there is no /proc: then it is safer to print no bar
    }
  }
}
