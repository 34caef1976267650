package io.github.fornada.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

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
        System.err,
        isTerminal(2),
        isTerminal(1),
        Math.max(20, Integer.getInteger("fornada.columns", DEFAULT_COLUMNS)));
  }

  private static boolean isTerminal(int descriptor) {
    String told = System.getProperty("fornada.terminals");
    if (told != null) {
      return told.contains(String.valueOf(descriptor));
    }
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false; // no such file where there is no /proc: then it is safer to print no bar
    }
  }
}
