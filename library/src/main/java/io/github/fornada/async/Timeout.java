package io.github.fornada.async;

import io.github.fornada.Outcome;
import io.github.fornada.TaskException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A call that takes longer than that is interrupted, and fails with {@link
 * io.github.fornada.TaskTimeoutException}, which shows where it was.
 *
 * {@snippet :
 * List<Page> pages = Async.gather(uris, Timeout.ofSeconds(2).wrap(Pages::get));
 * }
 *
 * <p>The call is a task in a {@link TaskScope}, on a virtual thread of its own, and has its
 * context; thread-locals of the caller it has not. It is waited for: a call that heeds no interrupt
 * holds up the caller beyond the limit. What it returns or throws after the limit counts no more.
 *
 * <p>An interrupt of the caller interrupts the call, and is thrown when that has ended.
 *
 * @param duration the longest that a call may take
 */
public record Timeout(Duration duration) implements CallPolicy {
  private static final ScopeOptions OPTIONS = ScopeOptions.DEFAULT.withName("time limit");

  public Timeout {
    if (!duration.isPositive()) {
      throw new IllegalArgumentException("time limit must be positive, got " + duration);
    }
    duration =
        duration.compareTo(Duration.ofNanos(Ticker.LONGEST)) < 0
            ? duration
            : Duration.ofNanos(Ticker.LONGEST);
  }

  /** So many seconds. */
  public static Timeout ofSeconds(long seconds) {
    return new Timeout(Duration.ofSeconds(seconds));
  }

  /** So many thousandths of a second. */
  public static Timeout ofMillis(long millis) {
    return new Timeout(Duration.ofMillis(millis));
  }

  @Override
  public <R extends @Nullable Object> R call(Callable<? extends R> task) throws Exception {
    Outcome<R> outcome;
    try (var scope = TaskScope.open(Joiner.<R>awaitAll(), OPTIONS)) {
      Subtask<R> limited = scope.fork("", duration, task);
      scope.join();
      outcome = limited.outcome();
    }
    return switch (outcome) {
      case Outcome.Done<R>(R value) -> value;
      case Outcome.Failed<R>(Exception cause) -> throw cause;
      case Outcome.Failed<R>(Error cause) -> throw cause;
      case Outcome.Failed<R>(Throwable cause) ->
          throw new TaskException("the task failed: " + cause, cause);
      case Outcome.TimedOut<R> late -> late.get();
      case Outcome.Cancelled<R>(String reason) -> throw new CancellationException(reason);
      case Outcome.WorkerLost<R> lost -> lost.get();
    };
  }
}
