package io.github.fornada.async;

import io.github.fornada.TaskException;
import java.io.Serial;

/**
 * Thrown by {@link TaskScope#join} when the scope has no result because a task failed. The cause is
 * what the joiner threw; the library's joiners throw what the first task that failed threw.
 * Failures of up to {@value #MOST} other tasks are {@linkplain #getSuppressed suppressed}, and,
 * once the scope has closed, those of tasks that failed while they were being cancelled, except
 * where the interrupt made them fail.
 */
public final class ScopeFailedException extends TaskException {
  @Serial private static final long serialVersionUID = 1L;

  /** How many failures besides the first are kept at most. */
  public static final int MOST = 100;

  ScopeFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
