package io.github.fornada;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Stands for an exception that a task threw in another process and that cannot be rebuilt here: its
 * class is unknown here, or it could not be serialized. It carries the original's class name,
 * message and stack.
 */
public final class RemoteTaskException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final String remoteClass;

  /**
   * For pools that carry exceptions between processes.
   *
   * @param remoteClass binary name of the original's class
   * @param message the original's message
   * @param stack the original's stack
   * @param cause stands for the original's cause
   */
  public RemoteTaskException(
      String remoteClass,
      @Nullable String message,
      StackTraceElement[] stack,
      @Nullable Throwable cause) {
    super(message == null ? remoteClass : remoteClass + ": " + message, cause, true, true);
    this.remoteClass = remoteClass;
    setStackTrace(stack);
  }

  /** The binary name of the class of the exception that was thrown. */
  public String remoteClass() {
    return remoteClass;
  }
}
