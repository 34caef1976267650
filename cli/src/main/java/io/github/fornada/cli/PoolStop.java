package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.advice.AutoPool;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The end of pools. */
final class PoolStop {
  /** The grace of the pools, and some more. */
  private static final Duration LIMIT = Duration.ofSeconds(3);

  private PoolStop() {}

  /**
   * Ends a pool whose items all have their outcomes. Virtual threads need one of a few platform
   * threads even to end, and tasks that ignore interrupts may hold all of those: so they are waited
   * for as long as {@link #stop} does. Worker processes always end.
   */
  static void end(Pool pool) {
    if (!mayHoldEveryCarrier(pool)) {
      pool.close();
      return;
    }
    pool.shutdown();
    try {
      if (pool.awaitTermination(LIMIT.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    stop(List.of(pool));
  }

  private static boolean mayHoldEveryCarrier(Pool pool) {
    return pool instanceof AutoPool || pool.model() == ExecutionModel.VIRTUAL_THREADS;
  }

  /**
   * Stops pools whose results are not wanted any more, at once, and waits for a limited time: a
   * thread whose task ignores interrupts ends only with the JVM.
   */
  static void stop(List<Pool> pools) {
    pools.forEach(Pool::shutdownNow);
    boolean interrupted = Thread.interrupted();
    long deadline = System.nanoTime() + Interruption.patience(LIMIT).toNanos();
    for (Pool pool : pools) {
      try {
        var _ =
            pool.awaitTermination(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
