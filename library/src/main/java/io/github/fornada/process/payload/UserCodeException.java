package io.github.fornada.process.payload;

import java.io.IOException;
import java.io.Serial;

/**
 * Thrown when writing an object would run code of its own class, which this thread must not wait
 * for.
 */
public final class UserCodeException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  UserCodeException(Class<?> type) {
    super(type.getName() + " has code of its own to be written");
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this; // no stack: it is caught at once
  }
}
