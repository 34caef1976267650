package io.github.fornada.async;

import io.github.fornada.TaskException;
import java.io.Serial;

/**
 * Thrown by {@link TaskScope#join} when the scope has no result because a task failed. The cause is
 * what the joiner threw, which for those of the library is what the first task that failed threw.
 * Up to {@value #MOST} others that failed by themselves are {@linkplain #getSuppressed suppressed},
 * and so are failures of tasks that were being cancelled, other than the interrupt's own, when the
 * scope has closed.
 */
public final class ScopeFailedException extends TaskException {
  @Serial private static final long serialVersionUID = 1L;

  /** The most failures kept beside the first. */
  public static final int MOST = 100;

  ScopeFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
