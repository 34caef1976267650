package io.github.fornada.shared;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when an element is sent to a {@link SharedQueue} that is closed, or requested from one
 * that is closed and has no more. If the queue was closed with an error, the cause has that error's
 * class name and message.
 */
public final class SharedQueueClosedException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1L;

  SharedQueueClosedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
