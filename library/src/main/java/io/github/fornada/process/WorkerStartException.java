package io.github.fornada.process;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** No worker JVM could be started; the message tells what the last try printed. */
public final class WorkerStartException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** What speaks for or against another try. */
  enum Kind {
    /** It failed by itself: a few more tries. */
    FAILED,
    /** Somebody killed it, which says little of the next: many more tries. */
    KILLED,
    /** The user's own code has said no: no more tries. */
    REFUSED
  }

  private final Kind kind;

  WorkerStartException(String message, @Nullable Throwable cause, Kind kind) {
    super(message, cause);
    this.kind = kind;
  }

  Kind kind() {
    return kind;
  }
}
