package io.github.fornada;

import io.github.fornada.jvm.Durations;
import java.io.Serial;
import java.time.Duration;
import java.util.List;

/** Thrown for an item that was over its timeout; its cause shows where the item was stuck. */
public final class TaskTimeoutException extends TaskException {
  @Serial private static final long serialVersionUID = 1L;

  private final Duration timeout;

  /**
   * Creates an exception.
   *
   * @param task which task, as the subject of a sentence
   * @param timeout the timeout it had
   * @param stack where it was when the time ran out, innermost frame first; empty if unknown
   */
  public TaskTimeoutException(String task, Duration timeout, List<StackTraceElement> stack) {
    super(
        task + " was over its timeout of " + Durations.inWords(timeout),
        stack.isEmpty() ? null : new Stuck(stack));
    this.timeout = timeout;
  }

  /** Returns the timeout that the item had. */
  public Duration timeout() {
    return timeout;
  }

  /** Not thrown by anyone: carries the stack of the stuck task, so that every log prints it. */
  private static final class Stuck extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    Stuck(List<StackTraceElement> stack) {
      super("the task was here when its time ran out", null, false, true);
      setStackTrace(stack.toArray(StackTraceElement[]::new));
    }
  }
}
