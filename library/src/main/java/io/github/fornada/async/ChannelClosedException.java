package io.github.fornada.async;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * An element was sent to a {@link Channel} that is closed, or asked for from one that is closed and
 * has no more. If it was closed with an error, that is the cause.
 */
public final class ChannelClosedException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1L;

  ChannelClosedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
