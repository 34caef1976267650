package io.github.fornada.process;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Statistics of one slot. Written by the slot's thread; a reader may see each figure a little late.
 * What is known of a worker's presence changes as one: by the monitor, which is taken when one has
 * begun or ended.
 */
final class StatsRecorder {
  private final String name;
  private volatile long tasks;
  private volatile long workingNanos;

  // Guarded by the monitor.
  private int starts;
  private int lost;
  private long startingNanos;
  private long presentNanos;

  /** Since when the worker is there; 0 if there is none. */
  private long since;

  StatsRecorder(String name) {
    this.name = name;
  }

  synchronized void started(long startupNanos) {
    starts++;
    startingNanos += startupNanos;
    since = System.nanoTime() | 1; // never 0
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  void ran(int count) {
    tasks += count;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  void worked(long nanos) {
    workingNanos += nanos;
  }

  synchronized void ended(boolean expected) {
    presentNanos += System.nanoTime() - since;
    since = 0;
    if (!expected) {
      lost++;
    }
  }

  synchronized WorkerStats snapshot(@Nullable WorkerProcess worker, int outstanding) {
    long present = presentNanos + (since == 0 ? 0 : System.nanoTime() - since);
    long working = workingNanos;
    return new WorkerStats(
        name,
        worker == null ? 0 : worker.pid(),
        outstanding,
        tasks,
        starts,
        lost,
        Duration.ofNanos(startingNanos),
        Duration.ofNanos(working),
        Duration.ofNanos(Math.max(0, present - working)));
  }
}
