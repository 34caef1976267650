package io.github.fornada;

import io.github.fornada.jvm.Durations;
import java.io.Serial;
import java.time.Duration;
import java.util.List;

/** Thrown for an item that was over its timeout. The cause shows where the item was stuck. */
public final class TaskTimeoutException extends TaskException {
  @Serial private static final long serialVersionUID = 1L;

  private final Duration timeout;

  /**
   * Creates an exception.
   *
   * @param task a name of the task that can be the subject of the message
   * @param timeout the timeout of the task
   * @param stack where the task was when the time ran out, innermost frame first; empty if unknown
   */
  public TaskTimeoutException(String task, Duration timeout, List<StackTraceElement> stack) {
    super(
        task + " was over its timeout of " + Durations.inWords(timeout),
        stack.isEmpty() ? null : new Stuck(stack));
    this.timeout = timeout;
  }

  /** Returns the timeout of the item. */
  public Duration timeout() {
    return timeout;
  }

  /** Never thrown. Has the stack of the stuck task, so that every log prints it as the cause. */
  private static final class Stuck extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    Stuck(List<StackTraceElement> stack) {
      super("the task was here when its time ran out", null, false, true);
      setStackTrace(stack.toArray(StackTraceElement[]::new));
    }
  }
}
