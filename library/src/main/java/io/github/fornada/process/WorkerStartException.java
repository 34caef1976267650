package io.github.fornada.process;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** No worker JVM could be started; the message tells what the last try printed. */
public final class WorkerStartException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final boolean isFinal;

  WorkerStartException(String message, @Nullable Throwable cause, boolean isFinal) {
    super(message, cause);
    this.isFinal = isFinal;
  }

  /** Whether there is no point in trying again: the user's own code has said no. */
  boolean isFinal() {
    return isFinal;
  }
}
