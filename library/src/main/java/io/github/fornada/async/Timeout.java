package io.github.fornada.async;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Interrupts a call that takes longer than a given time; the call then fails with {@link
 * io.github.fornada.TaskTimeoutException}, whose cause shows where it was. Immutable.
 *
 * {@snippet :
 * List<Page> pages = Async.gather(uris, Timeout.ofSeconds(2).wrap(Pages::get));
 * }
 *
 * <p>The call is a task in a {@link TaskScope}, on a virtual thread of its own, and has the scope's
 * context; it does not see the caller's thread-locals. The caller waits for it to end: a call that
 * ignores interrupts holds up the caller beyond the timeout. What it returns or throws after the
 * timeout is ignored.
 *
 * <p>A task whose function ends with that exception has the outcome {@link
 * io.github.fornada.Outcome.TimedOut}: in {@link Async#outcomes}, {@link Async#completions}, {@link
 * AsyncStreams} and {@link Subtask#outcome}.
 *
 * <p>An interrupt of the caller interrupts the call, and is thrown when the call has ended.
 */
public final class Timeout implements CallPolicy {
  private static final ScopeOptions OPTIONS = ScopeOptions.DEFAULT.withName("timeout");

  private final Duration duration;

  private Timeout(Duration duration) {
    if (!duration.isPositive()) {
      throw new IllegalArgumentException("timeout must be positive, got " + duration);
    }
    this.duration =
        duration.compareTo(Duration.ofNanos(Ticker.LONGEST)) < 0
            ? duration
            : Duration.ofNanos(Ticker.LONGEST);
  }

  /**
   * Returns a timeout of {@code duration} for each call.
   *
   * @throws IllegalArgumentException if {@code duration} is not positive
   */
  public static Timeout of(Duration duration) {
    return new Timeout(duration);
  }

  /**
   * Returns a timeout of {@code seconds} for each call.
   *
   * @throws IllegalArgumentException if {@code seconds} is less than 1
   */
  public static Timeout ofSeconds(long seconds) {
    return of(Duration.ofSeconds(seconds));
  }

  /**
   * Returns a timeout of {@code millis} milliseconds for each call.
   *
   * @throws IllegalArgumentException if {@code millis} is less than 1
   */
  public static Timeout ofMillis(long millis) {
    return of(Duration.ofMillis(millis));
  }

  /** Returns the longest that a call may take; at most a hundred years. */
  public Duration duration() {
    return duration;
  }

  @Override
  public <R extends @Nullable Object> R call(Callable<? extends R> task) throws Exception {
    Child<R> limited;
    try (var scope = TaskScope.open(Joiner.<R>awaitAll(), OPTIONS)) {
      limited = scope.forkChild("", duration, task);
      scope.join();
    }
    return limited.resultOrThrow();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Timeout timeout && timeout.duration.equals(duration);
  }

  @Override
  public int hashCode() {
    return duration.hashCode();
  }

  @Override
  public String toString() {
    return "Timeout[" + duration + "]";
  }
}
