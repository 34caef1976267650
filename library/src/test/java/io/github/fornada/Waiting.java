package io.github.fornada;

import io.github.fornada.async.TaskScope;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

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

  /** A test whose figures are measured. */
  @FunctionalInterface
  public interface Run {
    void run() throws Exception;
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
