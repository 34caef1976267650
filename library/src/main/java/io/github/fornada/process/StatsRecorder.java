package io.github.fornada.process;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Statistics of one slot. Written by the slot's thread; a reader may see each figure a little late.
 */
final class StatsRecorder {
  private final String name;
  private volatile long tasks;
  private volatile int starts;
  private volatile int lost;
  private volatile long startingNanos;
  private volatile long workingNanos;
  private volatile long presentNanos;
  private volatile long since;

  StatsRecorder(String name) {
    this.name = name;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  void started(WorkerProcess worker) {
    starts++;
    startingNanos += worker.startupNanos();
    since = System.nanoTime();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  void ran(int count) {
    tasks += count;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  void worked(long nanos) {
    workingNanos += nanos;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  void ended(boolean expected) {
    presentNanos += System.nanoTime() - since;
    since = 0;
    if (!expected) {
      lost++;
    }
  }

  WorkerStats snapshot(@Nullable WorkerProcess worker, int outstanding) {
    long present = presentNanos + (since == 0 ? 0 : System.nanoTime() - since);
    return new WorkerStats(
        name,
        worker == null ? 0 : worker.pid(),
        outstanding,
        tasks,
        starts,
        lost,
        Duration.ofNanos(startingNanos),
        Duration.ofNanos(workingNanos),
        Duration.ofNanos(Math.max(0, present - workingNanos)));
  }
}
