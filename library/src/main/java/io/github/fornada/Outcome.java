package io.github.fornada;

import io.github.fornada.jvm.BoundedText;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How one item ended: exactly one of {@linkplain Done done}, {@linkplain Failed failed},
 * {@linkplain TimedOut timed out}, {@linkplain Cancelled cancelled} or {@linkplain WorkerLost lost
 * with its worker}.
 *
 * <p>The interface is sealed, so the compiler checks that a {@code switch} over it is exhaustive.
 * Outcomes are immutable. Everything the task did happens-before another thread sees its outcome.
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

  /** Returns whether the item has a result. */
  default boolean isDone() {
    return this instanceof Done;
  }

  /**
   * Returns the result, or throws an exception that says why there is none.
   *
   * @throws TaskException if the outcome is not {@link Done}; its cause is the exception that the
   *     task threw, if it threw one
   */
  R get();

  /**
   * The function returned.
   *
   * @param value what the function returned; null if it returned null
   */
  record Done<R extends @Nullable Object>(R value) implements Outcome<R> {
    @Override
    public R get() {
      return value;
    }
  }

  /**
   * The function threw an exception, or its argument or result could not be sent to or from its
   * worker.
   *
   * @param cause what was thrown. For a task in another process: an exception of the same class,
   *     with the remote stack, if it can be rebuilt here; otherwise a {@link RemoteTaskException}
   *     that names the class
   */
  record Failed<R extends @Nullable Object>(Throwable cause) implements Outcome<R> {
    public Failed {
      Objects.requireNonNull(cause, "cause");
    }

    @Override
    public R get() {
      throw new TaskException("the task failed: " + BoundedText.of(cause), cause);
    }

    /** Returns a text with that of the cause, whatever the cause's own {@code toString} does. */
    @Override
    public String toString() {
      return "Failed[cause=" + BoundedText.of(cause) + "]";
    }
  }

  /**
   * The item was over its own timeout and was stopped.
   *
   * @param timeout the item's timeout, counted from the item's own start
   * @param stack where the item was when the time ran out, innermost frame first; empty if that
   *     could not be determined
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
   * The result of the item was no longer wanted: its future or stream was cancelled, another item
   * of the same call failed first, or the pool was shut down at once.
   *
   * @param reason why the item was cancelled, in words
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
   * @param message one sentence that says which worker ended, how it ended, which item it ran, and
   *     what may help
   * @param certificate what is known about the death
   */
  record WorkerLost<R extends @Nullable Object>(String message, DeathCertificate certificate)
      implements Outcome<R> {
    public WorkerLost {
      Objects.requireNonNull(message, "message");
      Objects.requireNonNull(certificate, "certificate");
    }

    /** Returns the exit code of the worker process; 128 + n if signal n ended it. */
    public int exitCode() {
      return certificate.exitCode();
    }

    /** Returns the process id of the worker that died. */
    public long pid() {
      return certificate.pid();
    }

    @Override
    public R get() {
      throw new WorkerLostException(message, certificate);
    }
  }
}
