package io.github.fornada.scenarios.harness;

import java.io.PrintStream;

/**
 * Says on stderr what is being measured: on a terminal in one line that is painted over, otherwise
 * in a line for each trial. For one thread.
 */
public final class Progress {
  private static final String CLEAR = "\r\u001b[K";

  private final PrintStream err;
  private final boolean terminal;
  private final int columns;
  private boolean painted;

  /** Creates the progress of a run; the launcher passes what is known of the terminal. */
  public Progress(PrintStream err) {
    this.err = err;
    String term = System.getenv("TERM");
    this.terminal =
        System.getProperty("fornada.terminals", "").contains("2")
            && term != null
            && !term.isEmpty()
            && !term.equals("dumb");
    this.columns = Math.max(20, Integer.getInteger("fornada.columns", 80));
  }

  /** Prints a message on a line of its own. */
  public void message(String text) {
    clear();
    err.println("fornada: " + text);
  }

  /** Says that something longer begins. */
  void begin(String text) {
    if (terminal) {
      now(text);
    } else {
      err.println("fornada: " + text);
    }
  }

  /** Says what runs at this moment; only a terminal shows it. */
  void now(String text) {
    if (terminal) {
      String line = text.length() < columns ? text : text.substring(0, columns - 1);
      err.print(CLEAR + line);
      err.flush();
      painted = true;
    }
  }

  /** Removes the painted line. */
  public void clear() {
    if (painted) {
      err.print(CLEAR);
      err.flush();
      painted = false;
    }
  }
}
