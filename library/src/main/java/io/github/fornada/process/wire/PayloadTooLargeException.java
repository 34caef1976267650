package io.github.fornada.process.wire;

import java.io.Serial;

/** Thrown when an argument or a result does not fit in one array of bytes. */
public final class PayloadTooLargeException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  public PayloadTooLargeException(String message) {
    super(message);
  }
}
