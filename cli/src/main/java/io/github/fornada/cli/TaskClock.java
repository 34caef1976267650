package io.github.fornada.cli;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskUsage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Adds up how long tasks were in progress, and counts how they ended. */
final class TaskClock implements TaskListener {
  private final LongAdder busyNanos = new LongAdder();
  private final LongAdder cpuNanos = new LongAdder();
  private final LongAdder done = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder cancelled = new LongAdder();
  private final AtomicLong startupNanos = new AtomicLong(Long.MAX_VALUE);

  /** When the run ended, once it has; what tasks do after that is not part of it. */
  private volatile @Nullable Long endedNanos;

  @Override
  public void onEvent(TaskEvent event) {
    switch (event) {
      case TaskEvent.Finished finished -> finished(finished);
      case TaskEvent.WorkerReady ready ->
          startupNanos.accumulateAndGet(ready.startupNanos(), Math::min);
      default -> {}
    }
  }

  private void finished(TaskEvent.Finished finished) {
    TaskUsage usage = finished.usage();
    if (usage != null) {
      Long end = endedNanos;
      long whole = usage.endedNanos() - usage.startedNanos();
      // Differences, because values of nanoTime may wrap around.
      long over = end == null ? 0 : Math.clamp(usage.endedNanos() - end, 0, Math.max(0, whole));
      busyNanos.add(whole - over);
      long cpu = Math.max(0, usage.cpuNanos());
      // When a task used its processor time is not known: it is taken as used evenly.
      cpuNanos.add(over == 0 ? cpu : Math.round(cpu * ((double) (whole - over) / whole)));
    }
    if (finished.last()) {
      switch (finished.outcome()) {
        case Outcome.Done<?> d -> done.increment();
        case Outcome.Cancelled<?> c -> cancelled.increment();
        default -> failed.increment();
      }
    }
  }

  /**
   * The run has ended. Tasks that are being stopped may take longer, which is not counted.
   *
   * @param nanos when, as a value of {@link System#nanoTime}
   */
  void end(long nanos) {
    endedNanos = nanos;
  }

  /**
   * Returns the total time that tasks were in progress; divided by the wall time it is "in flight".
   */
  long busyNanos() {
    return busyNanos.sum();
  }

  /** Returns the processor time that tasks have used, on whatever machine. */
  long cpuNanos() {
    return cpuNanos.sum();
  }

  long done() {
    return done.sum();
  }

  /** Returns the number of items that ended in any way but done or cancelled. */
  long failed() {
    return failed.sum();
  }

  long cancelled() {
    return cancelled.sum();
  }

  /** Returns the time until the first worker was ready; 0 if there was none. */
  long startupNanos() {
    long nanos = startupNanos.get();
    return nanos == Long.MAX_VALUE ? 0 : nanos;
  }
}
