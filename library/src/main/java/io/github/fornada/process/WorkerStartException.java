package io.github.fornada.process;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** Thrown when no worker JVM could be started. The message says what the last attempt printed. */
public final class WorkerStartException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** Why the attempt failed, which decides about further attempts. */
  enum Kind {
    /** The worker failed by itself: a few more attempts are made. */
    FAILED,
    /**
     * The worker was killed from outside, which says little about the next one: many more attempts
     * are made.
     */
    KILLED,
    /** The user's own code failed: no more attempts are made. */
    REFUSED,
    /** The pool no longer wanted the worker: the attempt does not count. */
    CALLED_OFF
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
