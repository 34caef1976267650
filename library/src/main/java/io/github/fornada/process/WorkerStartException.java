package io.github.fornada.process;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** No worker JVM could be started; the message tells what the last try printed. */
public final class WorkerStartException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  WorkerStartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
