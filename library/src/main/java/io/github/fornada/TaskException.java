package io.github.fornada;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a result is requested and there is none. The message names the item if it is known.
 * The cause is the exception that the task threw, if it threw one.
 */
public class TaskException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what happened, in one sentence
   * @param cause the exception that the task threw; null if it threw none
   */
  public TaskException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
