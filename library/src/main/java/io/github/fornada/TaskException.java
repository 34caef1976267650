package io.github.fornada;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown where a result was asked for and there is none. The message names the item where it is
 * known; the cause is what the task threw, if it threw.
 */
public class TaskException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** With what happened, in one sentence, and what the task threw, if it threw. */
  public TaskException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
