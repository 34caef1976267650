package io.github.fornada.scenarios.harness;

/** A run gave another result than the sequential one, or than the other side counted. */
public final class WrongResultException extends Exception {
  private static final long serialVersionUID = 1;

  /** Creates an exception that says what differs. */
  public WrongResultException(String message) {
    super(message);
  }

  /** Throws this exception unless {@code right}. */
  public static void unless(boolean right, String message) throws WrongResultException {
    if (!right) {
      throw new WrongResultException(message);
    }
  }
}
