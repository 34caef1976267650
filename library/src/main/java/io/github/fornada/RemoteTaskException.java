package io.github.fornada;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Replaces an exception that a task threw in another process and that cannot be rebuilt here,
 * because its class is unknown here or it could not be serialized. It has the class name, message
 * and stack of the original.
 */
public final class RemoteTaskException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final String remoteClass;

  /**
   * Creates an exception. For authors of pools that send exceptions between processes.
   *
   * @param remoteClass the binary name of the original's class
   * @param message the original's message
   * @param stack the original's stack
   * @param cause the replacement of the original's cause; null if it had none
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

  /** Returns the binary name of the class of the exception that was thrown. */
  public String remoteClass() {
    return remoteClass;
  }
}
