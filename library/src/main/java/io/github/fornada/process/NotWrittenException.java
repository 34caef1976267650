package io.github.fornada.process;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when an item or a function could not be written when it was handed over; its cause says
 * why.
 */
final class NotWrittenException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  NotWrittenException(@Nullable Throwable cause) {
    super(cause);
  }
}
