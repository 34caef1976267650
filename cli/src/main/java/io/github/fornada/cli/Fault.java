package io.github.fornada.cli;

import java.io.Serial;

/** Something the user must be told in one message, without a stack; ends the command. */
final class Fault extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final int exitCode;

  private Fault(int exitCode, String message) {
    super(message, null, false, false);
    this.exitCode = exitCode;
  }

  /** The command line, the task or the inputs are not as they must be. */
  static Fault usage(String message) {
    return new Fault(ExitCode.USAGE, message);
  }

  /** Something went wrong while running. */
  static Fault failed(String message) {
    return new Fault(ExitCode.FAILED, message);
  }

  int exitCode() {
    return exitCode;
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
