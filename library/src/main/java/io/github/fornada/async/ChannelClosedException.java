package io.github.fornada.async;

import io.github.fornada.jvm.BoundedText;
import java.io.Serial;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when an element is sent to a {@link Channel} that is closed, or requested from one that is
 * closed and has no more. If the channel was closed with an error, that is the cause.
 */
public final class ChannelClosedException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1L;

  static {
    BoundedText.boundsItself(ChannelClosedException.class);
  }

  /** The end of the message; null for none. */
  private final @Nullable ErrorText text;

  ChannelClosedException(String message, @Nullable Throwable cause) {
    super(message, cause);
    this.text = null;
  }

  /** One whose message ends with the text of its cause. */
  ChannelClosedException(String message, ErrorText cause) {
    super(message, cause.error());
    this.text = cause;
  }

  /**
   * Returns what ended the channel, with the text of the error if there is one. The text is made
   * when the message of a channel's exceptions is first read, which waits for it at most a second.
   */
  @Override
  public String getMessage() {
    String message = Objects.requireNonNull(super.getMessage());
    return text == null ? message : message + text.get();
  }
}
