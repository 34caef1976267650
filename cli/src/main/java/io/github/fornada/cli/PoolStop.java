package io.github.fornada.cli;

import io.github.fornada.Pool;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The end of pools whose results are not wanted any more. */
final class PoolStop {
  /** The grace of the pools, and some more. */
  private static final Duration LIMIT = Duration.ofSeconds(3);

  private PoolStop() {}

  /**
   * Stops pools at once, and waits for a limited time: a thread whose task ignores interrupts ends
   * only with the JVM.
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
