package io.github.fornada.async;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Calls again what has failed, after a pause, so many times more.
 *
 * {@snippet :
 * Retry policy = Retry.times(3)
 *     .withBackOff(Duration.ofMillis(50), 2, Duration.ofSeconds(2))
 *     .on(IOException.class);
 * Page page = policy.call(() -> Pages.get(uri));
 * }
 *
 * <p>Tries are made in the calling thread, one after the other. When there are no more, the last
 * failure is thrown as it is, with those before it suppressed, the latest {@value #MOST_SUPPRESSED}
 * of them. An {@link Error} is never tried again: it is no failure that passes.
 *
 * <p><b>Interrupts</b> end it. An {@link InterruptedException} is thrown on, whatever {@link #on}
 * says; a try that failed in any other way while its thread is interrupted is the last one, and the
 * interrupt stays set; in a pause an interrupt is thrown with the last failure suppressed.
 *
 * <p>Pauses grow by a factor up to the longest, and are made random, so that those who failed
 * together do not come again together: see <a
 * href="https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/">Exponential
 * Backoff and Jitter</a> by Marc Brooker.
 *
 * @param times how often a call is tried again at most, after its first try
 * @param firstPause the pause before the first further try, before it is made random
 * @param factor by which each pause is longer than the one before it
 * @param longestPause no pause is longer
 * @param jitter how pauses are made random
 * @param when which failures are tried again
 * @param budget how many further tries many calls may have together; null for no bound
 */
public record Retry(
    int times,
    Duration firstPause,
    double factor,
    Duration longestPause,
    Jitter jitter,
    Predicate<? super Exception> when,
    @Nullable RetryBudget budget)
    implements CallPolicy {

  /** How many earlier failures are told of. */
  static final int MOST_SUPPRESSED = 8;

  /** How a pause is made random. */
  public enum Jitter {
    /** It is not: for a single caller. */
    NONE,
    /** Anything up to the pause. Spreads best. */
    FULL,
    /** The half of the pause, and anything up to the other half: never very short. */
    EQUAL,
    /**
     * Anything from the first pause up to three times the one before, but at most the longest; the
     * factor is not used.
     */
    DECORRELATED
  }

  public Retry {
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
    Objects.requireNonNull(jitter, "jitter");
    Objects.requireNonNull(when, "when");
  }

  /**
   * So many further tries after any {@link Exception}. Pauses begin at 100 ms and double, up to 10
   * s, with {@linkplain Jitter#FULL full jitter}.
   */
  public static Retry times(int times) {
    return new Retry(
        times, Duration.ofMillis(100), 2, Duration.ofSeconds(10), Jitter.FULL, _ -> true, null);
  }

  /** With pauses that begin so long and grow by the factor up to the longest. */
  public Retry withBackOff(Duration first, double factor, Duration longest) {
    return new Retry(times, first, factor, longest, jitter, when, budget);
  }

  /** With pauses made random in this way. */
  public Retry withJitter(Jitter jitter) {
    return new Retry(times, firstPause, factor, longestPause, jitter, when, budget);
  }

  /** Only after failures of which that is true. */
  public Retry on(Predicate<? super Exception> when) {
    return new Retry(times, firstPause, factor, longestPause, jitter, when, budget);
  }

  /** Only after failures of that class. */
  public Retry on(Class<? extends Exception> type) {
    return on(type::isInstance);
  }

  /** With a bound on the further tries of all calls that share that budget. */
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

  @SuppressWarnings("ReferenceEquality") // an exception cannot be suppressed by itself
  private boolean isForAnotherTry(Exception failure) {
    boolean isWanted;
    try {
      isWanted = when.test(failure);
    } catch (RuntimeException | Error e) {
      if (e != failure) {
        e.addSuppressed(failure);
      }
      throw e;
    }
    return isWanted && RetryBudget.grants(budget);
  }

  /** What has failed in one call: the latest, for with endless retries all would be too many. */
  private static final class Earlier {
    private @Nullable ArrayDeque<Exception> failures;

    void add(Exception failure) {
      failures = failures == null ? new ArrayDeque<>() : failures;
      if (failures.size() == MOST_SUPPRESSED) {
        failures.removeFirst();
      }
      failures.addLast(failure);
    }

    @SuppressWarnings("ReferenceEquality") // an exception cannot be suppressed by itself
    <E extends Exception> E suppressedBy(E failure) {
      if (failures != null) {
        for (Exception each : failures) {
          // One object may be thrown again and again, and must not grow.
          if (each != failure && failure.getSuppressed().length < MOST_SUPPRESSED) {
            failure.addSuppressed(each);
          }
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

    /** The next one, in nanoseconds. */
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
