package io.github.fornada;

import io.github.fornada.async.TaskScope;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** The only way in which tests wait for a condition: it is checked repeatedly, up to a deadline. */
public final class Waiting {
  /**
   * The deadline for events that take milliseconds when all is well; only a failing test waits that
   * long.
   */
  public static final Duration DEADLINE = Duration.ofSeconds(60);

  /** Pauses begin short and double up to this: quick when all is well, idle when it is not. */
  private static final long LONGEST_PAUSE_NANOS = 5_000_000;

  /** A collection takes all processors for some 30 ms, which other tests need. */
  private static final long LONGEST_PAUSE_OF_COLLECTOR_NANOS = 100_000_000;

  private static final long SHORTEST_PAUSE_NANOS = 20_000;

  private static final int RUNS = 4;

  /** How much longer a limit is in the run after one in which it was too short. */
  private static final int LONGER = 3;

  /** A test whose figures are measured. */
  @FunctionalInterface
  public interface Run {
    void run() throws Exception;
  }

  /** A test in which a limit passes. */
  @FunctionalInterface
  public interface LimitedRun {
    void run(Duration limit) throws Exception;
  }

  /** What is measured, or seen. */
  @FunctionalInterface
  public interface Call<T> {
    T call() throws Exception;
  }

  /** What is seen where a limit passes. */
  @FunctionalInterface
  public interface LimitedCall<T> {
    T call(Duration limit) throws Exception;
  }

  private Waiting() {}

  /** Waits until {@code condition} holds, for at most {@link #DEADLINE}. */
  public static void until(String what, BooleanSupplier condition) {
    until(what, DEADLINE, condition);
  }

  /**
   * Waits until {@code condition} holds.
   *
   * @param what the condition in words, for the message
   * @throws AssertionError if it does not hold within {@code deadline}; with all open task scopes
   */
  public static void until(String what, Duration deadline, BooleanSupplier condition) {
    until(what, deadline, condition, LONGEST_PAUSE_NANOS);
  }

  /**
   * Waits until {@code condition} holds, for at most {@link #DEADLINE}, with a garbage collection
   * before each look.
   */
  public static void untilCollected(String what, BooleanSupplier condition) {
    untilCollected(what, DEADLINE, condition);
  }

  /** The same, with another deadline. */
  public static void untilCollected(String what, Duration deadline, BooleanSupplier condition) {
    until(
        what,
        deadline,
        () -> {
          System.gc();
          return condition.getAsBoolean();
        },
        LONGEST_PAUSE_OF_COLLECTOR_NANOS);
  }

  /**
   * Runs a test whose figures are measured: it is to hold in one of a few runs, because what else
   * the machine does in one of them is in its figures too. A fault is in all of them.
   *
   * @param run the whole of the test, which asserts what its figures are
   * @throws AssertionError of the first run, with those of the others, if none holds
   */
  public static void inOneOfFewRuns(Run run) throws Exception {
    AssertionError failed = null;
    for (int k = 0; k < RUNS; k++) {
      try {
        run.run();
        return;
      } catch (AssertionError e) {
        if (failed == null) {
          failed = e;
        } else {
          failed.addSuppressed(e);
        }
      }
    }
    throw Objects.requireNonNull(failed);
  }

  /**
   * Runs a test in which a limit has to pass for what never ends, and which nothing else may reach:
   * first with a short one, so that a quiet machine waits for no more than that, and with longer
   * ones where something else has reached it. A fault is there whatever the limit is.
   *
   * @param run the whole of the test
   * @throws AssertionError of the first run, with those of the others, if none holds
   */
  public static void inOneOfFewRuns(Duration first, LimitedRun run) throws Exception {
    Duration[] limit = {first};
    inOneOfFewRuns(() -> {
      Duration now = limit[0];
      limit[0] = now.multipliedBy(LONGER);
      try {
        run.run(now);
      } catch (Exception e) {
        if (!isOverATimeout(e)) {
          throw e;
        }
        throw new AssertionError("something was over a limit of " + now, e);
      }
    });
  }

  /**
   * The same for a test that is exact: it is run again only if it has thrown that a task was over a
   * timeout, and what it asserts has to hold each time.
   */
  public static void inEnoughTime(Duration first, LimitedRun run) throws Exception {
    Duration limit = first;
    for (int k = 1; k < RUNS; k++) {
      try {
        run.run(limit);
        return;
      } catch (Exception e) {
        if (!isOverATimeout(e)) {
          throw e;
        }
        limit = limit.multipliedBy(LONGER);
      }
    }
    run.run(limit);
  }

  private static boolean isOverATimeout(Throwable thrown) {
    for (Throwable e = thrown; e != null; e = e.getCause()) {
      if (e instanceof TaskTimeoutException) {
        return true;
      }
    }
    return false;
  }

  /**
   * Calls until what is measured is fine, a few times at most, and returns that, or the last: for
   * tests that are exact in all else. What a call asserts itself has to hold each time.
   */
  public static <T> T oneOfFew(Call<T> call, Predicate<T> fine) throws Exception {
    T result = call.call();
    for (int k = 1; k < RUNS && !fine.test(result); k++) {
      result = call.call();
    }
    return result;
  }

  /** The same where a limit passes, which is longer each time. */
  public static <T> T oneOfFew(Duration first, LimitedCall<T> call, Predicate<T> fine)
      throws Exception {
    Duration[] limit = {first};
    return oneOfFew(
        () -> {
          Duration now = limit[0];
          limit[0] = now.multipliedBy(LONGER);
          return call.call(now);
        },
        fine);
  }

  /** Whether no other item of these was over its limit than the one that has to be. */
  public static <R> boolean othersAreInTime(List<Outcome<R>> outcomes, int late) {
    for (int i = 0; i < outcomes.size(); i++) {
      if (i != late && outcomes.get(i) instanceof Outcome.TimedOut) {
        return false;
      }
    }
    return true;
  }

  private static void until(
      String what, Duration deadline, BooleanSupplier condition, long longestPause) {
    long began = System.nanoTime();
    long pause = SHORTEST_PAUSE_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - began > deadline.toNanos()) {
        throw new AssertionError(
            "after " + deadline + " still not: " + what + "\n" + TaskScope.dump());
      }
      LockSupport.parkNanos(pause);
      pause = Math.min(2 * pause, longestPause);
    }
  }
}
