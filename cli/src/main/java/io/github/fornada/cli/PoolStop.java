package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.advice.AutoPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The end of pools. */
final class PoolStop {
  /** The grace of the pools, and some more. */
  private static final Duration LIMIT = Duration.ofSeconds(3);

  private PoolStop() {}

  /**
   * Ends pools whose items all have their outcomes. Virtual threads need one of a few platform
   * threads even to end, and tasks that ignore interrupts may hold all of those: so they are waited
   * for as long as {@link #stop} does. Worker processes always end.
   */
  static void end(List<Pool> pools) {
    var limited = new ArrayList<Pool>();
    for (Pool pool : pools) {
      if (mayHoldEveryCarrier(pool)) {
        pool.shutdown();
        limited.add(pool);
      } else {
        pool.close();
      }
    }
    await(limited, LIMIT);
    for (Pool pool : limited) {
      if (!pool.isTerminated()) {
        var _ = pool.shutdownNow();
      }
    }
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
    await(pools, Interruption.patience(LIMIT));
  }

  /** Waits for the end of pools for no longer than this in all, interrupted or not. */
  private static void await(List<Pool> pools, Duration limit) {
    boolean interrupted = Thread.interrupted();
    long deadline = System.nanoTime() + limit.toNanos();
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
