package io.github.fornada.timeline;

import io.github.fornada.TaskUsage;
import org.jspecify.annotations.Nullable;

/**
 * The figures of one measured run; immutable.
 *
 * <p>Durations are of attempts: a task that was tried twice has two. Percentiles are by nearest
 * rank, so each is the duration of some attempt; all are 0 if nothing ran.
 *
 * <p>Two summaries are equal if all their figures are.
 */
public final class TimelineSummary {
  /** All figures; a record, so that equals, hashCode and toString leave none out. */
  record Values(
      long wallNanos,
      long tasks,
      long done,
      long failed,
      long timedOut,
      long cancelled,
      long lost,
      double inFlight,
      long cpuNanos,
      long p50Nanos,
      long p95Nanos,
      long p99Nanos,
      long maxNanos,
      int workers) {}

  private final Values values;

  TimelineSummary(Values values) {
    this.values = values;
  }

  /**
   * Returns the wall time in nanoseconds, from {@link Timeline#begin} to {@link Timeline#end}. If
   * those were not called, it counts from the first start to the last end.
   */
  public long wallNanos() {
    return values.wallNanos();
  }

  /** Returns the number of tasks that have an outcome: the sum of the next five figures. */
  public long tasks() {
    return values.tasks();
  }

  /** Returns the number of tasks that gave a result. */
  public long done() {
    return values.done();
  }

  /** Returns the number of tasks that threw an exception. */
  public long failed() {
    return values.failed();
  }

  /** Returns the number of tasks that exceeded their timeout. */
  public long timedOut() {
    return values.timedOut();
  }

  /** Returns the number of tasks that were cancelled. */
  public long cancelled() {
    return values.cancelled();
  }

  /** Returns the number of tasks whose worker process died. */
  public long lost() {
    return values.lost();
  }

  /**
   * Returns the mean number of tasks in progress: the sum of all durations, divided by the wall
   * time; 0 if the wall time is 0.
   */
  public double inFlight() {
    return values.inFlight();
  }

  /**
   * Returns the processor time of all tasks together, in nanoseconds. It is {@link
   * TaskUsage#UNKNOWN} if it was measured for no task, as on virtual threads, and too low if it was
   * measured for some tasks only.
   */
  public long cpuNanos() {
    return values.cpuNanos();
  }

  /** Returns the median duration, in nanoseconds: half of the attempts took no longer. */
  public long p50Nanos() {
    return values.p50Nanos();
  }

  /** Returns the 95th percentile of the durations, in nanoseconds. */
  public long p95Nanos() {
    return values.p95Nanos();
  }

  /** Returns the 99th percentile of the durations, in nanoseconds. */
  public long p99Nanos() {
    return values.p99Nanos();
  }

  /** Returns the longest duration, in nanoseconds. */
  public long maxNanos() {
    return values.maxNanos();
  }

  /**
   * Returns the number of threads or worker processes that ran tasks, told apart by their names.
   */
  public int workers() {
    return values.workers();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TimelineSummary that && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  /** Returns all figures with their names. */
  @Override
  public String toString() {
    return "TimelineSummary" + values.toString().substring("Values".length());
  }
}
