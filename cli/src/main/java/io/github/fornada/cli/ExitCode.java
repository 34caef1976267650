package io.github.fornada.cli;

/** The exit codes of the command; the help lists them. */
final class ExitCode {
  /** Every item has a result. */
  static final int OK = 0;

  /** Some items failed, or the results could not be written. */
  static final int FAILED = 1;

  /** The command line or the task's source is wrong; nothing was run. */
  static final int USAGE = 2;

  /** Interrupted: 128 + SIGINT, as shells count. */
  static final int INTERRUPTED = 130;

  /** The reader of the output went away: 128 + SIGPIPE, as shells count. */
  static final int PIPE_CLOSED = 141;

  private ExitCode() {}
}
