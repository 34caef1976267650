package io.github.fornada.cli;

import java.io.Serial;

/** A failure that ends the command with one message for the user, without a stack. */
final class Fault extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final int exitCode;

  private Fault(int exitCode, String message) {
    super(message, null, false, false);
    this.exitCode = exitCode;
  }

  /** Returns a fault for a mistake in the command line, the task or the inputs. */
  static Fault usage(String message) {
    return new Fault(ExitCode.USAGE, message);
  }

  /** Returns a fault for a failure while running. */
  static Fault failed(String message) {
    return new Fault(ExitCode.FAILED, message);
  }

  /**
   * Does all of this, whatever becomes of the rest.
   *
   * @throws Fault with the messages of all that could not be done
   */
  static void afterAllOf(Runnable... steps) {
    Fault all = null;
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (Fault e) {
        all = all == null ? e : new Fault(all.exitCode, all.text() + "\nfornada: " + e.text());
      }
    }
    if (all != null) {
      throw all;
    }
  }

  int exitCode() {
    return exitCode;
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
