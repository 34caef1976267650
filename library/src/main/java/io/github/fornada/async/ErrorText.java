package io.github.fornada.async;

import io.github.fornada.jvm.BoundedText;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * The text of an error that many exceptions tell of. Its class is the user's, so the text may take
 * long: it is made once, when a message is first read, by the thread that reads it. Who only throws
 * such an exception never waits for it, and may hold locks.
 */
final class ErrorText implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  /** Null in a copy that was deserialized, which has the text. */
  private final transient @Nullable Throwable error;

  /** Guarded by itself, which is held for as long as {@link BoundedText} takes. */
  private @Nullable String made;

  ErrorText(Throwable error) {
    this.error = error;
  }

  synchronized String get() {
    String text = made;
    if (text == null) {
      text = BoundedText.of(error);
      made = text;
    }
    return text;
  }

  @Nullable Throwable error() {
    return error;
  }

  @Serial
  private void writeObject(ObjectOutputStream out) throws IOException {
    var _ = get();
    out.defaultWriteObject();
  }
}
