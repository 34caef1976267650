package io.github.fornada.cli;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskUsage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Adds up how long tasks were in progress, and counts how they ended. */
final class TaskClock implements TaskListener {
  private final LongAdder busyNanos = new LongAdder();
  private final LongAdder cpuNanos = new LongAdder();
  private final LongAdder done = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder cancelled = new LongAdder();
  private final AtomicLong startupNanos = new AtomicLong(Long.MAX_VALUE);

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
      busyNanos.add(usage.endedNanos() - usage.startedNanos());
      cpuNanos.add(Math.max(0, usage.cpuNanos()));
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
