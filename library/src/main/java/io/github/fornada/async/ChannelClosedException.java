package io.github.fornada.async;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when an element is sent to a {@link Channel} that is closed, or requested from one that is
 * closed and has no more. If the channel was closed with an error, that is the cause.
 */
public final class ChannelClosedException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1L;

  ChannelClosedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
