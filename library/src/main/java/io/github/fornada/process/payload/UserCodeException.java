package io.github.fornada.process.payload;

import java.io.IOException;
import java.io.Serial;

/**
 * Thrown when writing or reading an object might run code of the user's, which this thread must not
 * wait for.
 */
public final class UserCodeException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  UserCodeException(Class<?> type) {
    this(type.getName());
  }

  UserCodeException(String what) {
    super(what + " may run code of its own");
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this; // no stack: it is caught at once
  }
}
