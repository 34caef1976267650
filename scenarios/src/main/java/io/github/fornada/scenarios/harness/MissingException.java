package io.github.fornada.scenarios.harness;

/** Something is not there that a scenario needs. The message says what, and how to get it. */
public final class MissingException extends Exception {
  private static final long serialVersionUID = 1;

  /** Creates an exception with a message for the user. */
  public MissingException(String message) {
    super(message);
  }
}
