package io.github.fornada.async;

import io.github.fornada.TaskTimeoutException;
import io.github.fornada.jvm.Suppressed;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Repeats a call that failed, after a pause, up to a number of times. For the retries of a pool's
 * items see {@link io.github.fornada.TaskPolicy#withRetries}. Immutable: each {@code with} or
 * {@code on} method returns a changed copy.
 *
 * {@snippet :
 * TaskFunction<URI, Page> fetch = Retry.times(3)
 *     .withBackOff(Duration.ofMillis(50), 2, Duration.ofSeconds(2))
 *     .on(IOException.class)
 *     .onTimeout()
 *     .wrap(Timeout.ofSeconds(2).wrap(Pages::get));
 * }
 *
 * <p><b>Which failures.</b> Without {@code on}, every {@link Exception} is tried again, including
 * the timeouts of a {@link Timeout}. The first {@code on} or {@link #onTimeout} restricts that to
 * the failures it names, and each further one adds to them. So {@code on(IOException.class)} alone
 * does not repeat a call that timed out: such a call may have taken effect, and is repeated only
 * where {@link #onTimeout} says so. An {@link Error} is never tried again, because it is not a
 * temporary failure.
 *
 * <p>Attempts are made in the calling thread, one after the other. The failure of the last one is
 * thrown as it is, with the latest {@value #MAX_SUPPRESSED} of the earlier failures suppressed.
 *
 * <p><b>Interrupts</b> end the repetition. An {@link InterruptedException} from the call is thrown,
 * whatever {@code on} says. If an attempt fails in any other way while its thread is interrupted,
 * it is the last one, and the interrupt status stays set. An interrupt in a pause is thrown with
 * the last failure suppressed.
 *
 * <p>Pauses grow by a factor up to the longest, and are made random, so that callers that failed
 * together do not all try again at the same moment: see <a
 * href="https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/">Exponential
 * Backoff and Jitter</a> by Marc Brooker.
 */
public final class Retry implements CallPolicy {
  /** How many earlier failures the last one has suppressed at most. */
  static final int MAX_SUPPRESSED = Suppressed.MOST;

  /** How a pause is made random. */
  public enum Jitter {
    /** Not at all: for a single caller. */
    NONE,
    /** Between zero and the pause. Spreads best. */
    FULL,
    /** Between half of the pause and the pause: never very short. */
    EQUAL,
    /**
     * Between the first pause and three times the previous pause, at most the longest; the factor
     * is not used.
     */
    DECORRELATED
  }

  private final int times;
  private final Duration firstPause;
  private final double factor;
  private final Duration longestPause;
  private final Jitter jitter;

  /** Null until the first {@code on}: every exception. */
  private final @Nullable Predicate<? super Exception> when;

  private final @Nullable RetryBudget budget;

  private Retry(
      int times,
      Duration firstPause,
      double factor,
      Duration longestPause,
      Jitter jitter,
      @Nullable Predicate<? super Exception> when,
      @Nullable RetryBudget budget) {
    if (times < 0) {
      throw new IllegalArgumentException("retries must be at least 0, got " + times);
    }
    if (firstPause.isNegative()) {
      throw new IllegalArgumentException("first pause must not be negative, got " + firstPause);
    }
    if (!(factor >= 1 && factor <= 1000)) {
      throw new IllegalArgumentException("factor must be from 1 to 1000, got " + factor);
    }
    if (longestPause.compareTo(firstPause) < 0) {
      throw new IllegalArgumentException(
          "longest pause must be at least the first, " + firstPause + ", got " + longestPause);
    }
    this.times = times;
    this.firstPause = firstPause;
    this.factor = factor;
    this.longestPause = longestPause;
    this.jitter = Objects.requireNonNull(jitter, "jitter");
    this.when = when;
    this.budget = budget;
  }

  /**
   * Returns a policy that repeats a call up to {@code times} times after any {@link Exception}.
   * Pauses begin at 100 ms and double, up to 10 s, with {@linkplain Jitter#FULL full jitter}.
   *
   * @throws IllegalArgumentException if {@code times} is less than 0
   */
  public static Retry times(int times) {
    return new Retry(
        times, Duration.ofMillis(100), 2, Duration.ofSeconds(10), Jitter.FULL, null, null);
  }

  /** Returns how often a call is repeated at most, after its first attempt. */
  public int times() {
    return times;
  }

  /** Returns the pause before the first repetition, before it is made random. */
  public Duration firstPause() {
    return firstPause;
  }

  /** Returns the factor by which each pause is longer than the one before it. */
  public double factor() {
    return factor;
  }

  /** Returns the longest pause. */
  public Duration longestPause() {
    return longestPause;
  }

  /** Returns how pauses are made random. */
  public Jitter jitter() {
    return jitter;
  }

  /** Returns a predicate that is true for the failures after which a call is repeated. */
  public Predicate<? super Exception> when() {
    return when == null ? _ -> true : when;
  }

  /** Returns the bound on the repetitions of many calls together; null for none. */
  public @Nullable RetryBudget budget() {
    return budget;
  }

  /**
   * Returns a policy whose pauses begin at {@code first} and grow by {@code factor} up to {@code
   * longest}.
   *
   * @throws IllegalArgumentException if {@code first} is negative, {@code longest} shorter than
   *     {@code first}, or {@code factor} not from 1 to 1000
   */
  public Retry withBackOff(Duration first, double factor, Duration longest) {
    return new Retry(times, first, factor, longest, jitter, when, budget);
  }

  /** Returns a policy whose pauses are made random as {@code jitter} says. */
  public Retry withJitter(Jitter jitter) {
    return new Retry(times, firstPause, factor, longestPause, jitter, when, budget);
  }

  /**
   * Returns a policy that repeats calls after failures for which {@code when} is true, and after
   * those that earlier {@code on} and {@link #onTimeout} named; after no others. {@code when} is
   * called in the thread that makes the call; what it throws ends the call.
   */
  public Retry on(Predicate<? super Exception> when) {
    Objects.requireNonNull(when, "when");
    Predicate<? super Exception> known = this.when;
    Predicate<? super Exception> all =
        known == null ? when : failure -> known.test(failure) || when.test(failure);
    return new Retry(times, firstPause, factor, longestPause, jitter, all, budget);
  }

  /**
   * Returns a policy that repeats calls after failures that are instances of {@code type}, and
   * after those that earlier {@code on} and {@link #onTimeout} named; after no others.
   */
  public Retry on(Class<? extends Exception> type) {
    return on(type::isInstance);
  }

  /**
   * Returns a policy that repeats calls that timed out, and calls that failed as earlier {@code on}
   * named; no others. Timed out are calls that throw {@link io.github.fornada.TaskTimeoutException}
   * (a {@link Timeout}, or a pool's timeout), {@link ScopeTimeoutException} or {@link
   * java.util.concurrent.TimeoutException}.
   */
  public Retry onTimeout() {
    return on(Retry::isTimeout);
  }

  private static boolean isTimeout(Exception failure) {
    return failure instanceof TaskTimeoutException
        || failure instanceof ScopeTimeoutException
        || failure instanceof TimeoutException;
  }

  /** Returns a policy whose repetitions count against {@code budget}, which many calls share. */
  public Retry withBudget(RetryBudget budget) {
    Objects.requireNonNull(budget, "budget");
    return new Retry(times, firstPause, factor, longestPause, jitter, when, budget);
  }

  @Override
  public <R extends @Nullable Object> R call(Callable<? extends R> task) throws Exception {
    return call(task, Ticker.SYSTEM, () -> ThreadLocalRandom.current().nextDouble());
  }

  <R extends @Nullable Object> R call(
      Callable<? extends R> task, Ticker ticker, DoubleSupplier random) throws Exception {
    RetryBudget.callBegins(budget);
    Pauses pauses = null;
    var earlier = new Earlier();
    for (int left = times; ; left--) {
      Exception failure;
      try {
        return task.call();
      } catch (InterruptedException e) {
        throw earlier.suppressedBy(e);
      } catch (Exception e) {
        failure = e;
      }
      if (left == 0 || Thread.currentThread().isInterrupted() || !isForAnotherTry(failure)) {
        throw earlier.suppressedBy(failure);
      }
      earlier.add(failure);
      pauses = pauses == null ? new Pauses(random) : pauses;
      try {
        ticker.sleep(this, pauses.next());
      } catch (InterruptedException e) {
        throw earlier.suppressedBy(e);
      }
    }
  }

  private boolean isForAnotherTry(Exception failure) {
    boolean isWanted;
    try {
      isWanted = when == null || when.test(failure);
    } catch (RuntimeException | Error e) {
      Suppressed.add(e, failure);
      throw e;
    }
    return isWanted && RetryBudget.grants(budget);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Retry o
        && o.times == times
        && o.firstPause.equals(firstPause)
        && Double.compare(o.factor, factor) == 0
        && o.longestPause.equals(longestPause)
        && o.jitter == jitter
        && Objects.equals(o.when, when)
        && Objects.equals(o.budget, budget);
  }

  @Override
  public int hashCode() {
    return Objects.hash(times, firstPause, factor, longestPause, jitter, when, budget);
  }

  @Override
  public String toString() {
    return "Retry[times="
        + times
        + ", firstPause="
        + firstPause
        + ", factor="
        + factor
        + ", longestPause="
        + longestPause
        + ", jitter="
        + jitter
        + (when == null ? "" : ", for some failures only")
        + (budget == null ? "" : ", budget=" + budget)
        + "]";
  }

  /**
   * The latest failures of one call. Not all of them, because a call may be retried without end.
   */
  private static final class Earlier {
    private @Nullable ArrayDeque<Exception> failures;

    void add(Exception failure) {
      failures = failures == null ? new ArrayDeque<>() : failures;
      if (failures.size() == MAX_SUPPRESSED) {
        failures.removeFirst();
      }
      failures.addLast(failure);
    }

    <E extends Exception> E suppressedBy(E failure) {
      if (failures != null) {
        for (Exception each : failures) {
          Suppressed.add(failure, each);
        }
      }
      return failure;
    }
  }

  /** The pauses of one call. */
  private final class Pauses {
    private final DoubleSupplier random;
    private final double first = Ticker.nanosOf(firstPause);
    private final double longest = Ticker.nanosOf(longestPause);
    private double pause = first;

    Pauses(DoubleSupplier random) {
      this.random = random;
    }

    /** Returns the next pause, in nanoseconds. */
    long next() {
      double nanos =
          switch (jitter) {
            case NONE -> pause;
            case FULL -> random.getAsDouble() * pause;
            case EQUAL -> pause / 2 + random.getAsDouble() * pause / 2;
            case DECORRELATED ->
                Math.min(longest, first + random.getAsDouble() * (pause * 3 - first));
          };
      pause = jitter == Jitter.DECORRELATED ? nanos : Math.min(longest, pause * factor);
      return (long) nanos;
    }
  }
}
