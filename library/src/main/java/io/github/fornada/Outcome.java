package io.github.fornada;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What became of one item: exactly one of {@linkplain Done done}, {@linkplain Failed failed},
 * {@linkplain TimedOut timed out}, {@linkplain Cancelled cancelled} or {@linkplain WorkerLost lost
 * with its worker}.
 *
 * <p>The interface is sealed, so that a {@code switch} over it is checked for completeness by the
 * compiler. Outcomes are immutable; everything the task did happens-before its outcome is seen.
 *
 * {@snippet :
 * switch (outcome) {
 *   case Done<Path>(var thumb)                -> index.add(thumb);
 *   case Failed<Path>(var cause)              -> log.warn("not an image", cause);
 *   case TimedOut<Path>(var timeout, var stack) -> retryLater();
 *   case WorkerLost<Path> lost                -> quarantine(lost.exitCode());
 *   case Cancelled<Path> c                    -> { }
 * }
 * }
 *
 * @param <R> the type of a result
 */
public sealed interface Outcome<R extends @Nullable Object> extends Serializable {

  /** Whether the item has a result. */
  default boolean isDone() {
    return this instanceof Done;
  }

  /**
   * The result, or an exception that says why there is none.
   *
   * @throws TaskException if the outcome is anything but {@link Done}; its cause is what the task
   *     threw, if it threw
   */
  R get();

  /**
   * The function returned.
   *
   * @param value what it returned; null if it returned null
   */
  record Done<R extends @Nullable Object>(R value) implements Outcome<R> {
    @Override
    public R get() {
      return value;
    }
  }

  /**
   * The function threw, or its argument or result could not be carried to or from its worker.
   *
   * @param cause what was thrown; for a task in another process an exception of the same class
   *     where that can be rebuilt here, with the remote stack, else a {@link RemoteTaskException}
   *     that names it
   */
  record Failed<R extends @Nullable Object>(Throwable cause) implements Outcome<R> {
    public Failed {
      Objects.requireNonNull(cause, "cause");
    }

    @Override
    public R get() {
      throw new TaskException("the task failed: " + cause, cause);
    }
  }

  /**
   * The item was over its own timeout and was stopped.
   *
   * @param timeout the timeout it had, counted from its own start
   * @param stack where it was when the time ran out, innermost frame first; empty where that could
   *     not be learnt
   */
  record TimedOut<R extends @Nullable Object>(Duration timeout, List<StackTraceElement> stack)
      implements Outcome<R> {
    public TimedOut {
      Objects.requireNonNull(timeout, "timeout");
      stack = List.copyOf(stack);
    }

    @Override
    public R get() {
      throw new TaskTimeoutException("the task", timeout, stack);
    }
  }

  /**
   * The item was not wanted any more: its future or stream was cancelled, a sibling failed first,
   * or the pool was shut down at once.
   *
   * @param reason who asked for it, in words
   */
  record Cancelled<R extends @Nullable Object>(String reason) implements Outcome<R> {
    public Cancelled {
      Objects.requireNonNull(reason, "reason");
    }

    @Override
    public R get() {
      throw new TaskException("the task was cancelled: " + reason, null);
    }
  }

  /**
   * The worker process died while it ran this item.
   *
   * @param message one sentence that names the worker, how it ended, the item, and what may help
   * @param certificate what is known of the death
   */
  record WorkerLost<R extends @Nullable Object>(String message, DeathCertificate certificate)
      implements Outcome<R> {
    public WorkerLost {
      Objects.requireNonNull(message, "message");
      Objects.requireNonNull(certificate, "certificate");
    }

    /** The exit code of the worker process; 128 + n where signal n ended it. */
    public int exitCode() {
      return certificate.exitCode();
    }

    /** The process id of the worker that died. */
    public long pid() {
      return certificate.pid();
    }

    @Override
    public R get() {
      throw new WorkerLostException(message, certificate);
    }
  }
}
