package io.github.fornada.pipeline;

import java.time.Duration;

/** The figures of one worker of a stage. Immutable. */
public final class WorkerSummary {
  private final String name;
  private final long items;
  private final double busy;
  private final double meanNanos;

  WorkerSummary(String name, long items, double busy, double meanNanos) {
    this.name = name;
    this.items = items;
    this.busy = busy;
    this.meanNanos = meanNanos;
  }

  /** Returns the name of the worker, as outcomes have it. */
  public String name() {
    return name;
  }

  /** Returns how many items it has run. */
  public long items() {
    return items;
  }

  /** Returns the part of its time in which it ran items, from 0 to 1; its first items left out. */
  public double busy() {
    return busy;
  }

  /** Returns the mean time of an item; its first items left out, if there are others. */
  public Duration meanTime() {
    return Duration.ofNanos(Math.round(meanNanos));
  }

  @Override
  public String toString() {
    return "WorkerSummary[name="
        + name
        + ", items="
        + items
        + ", busy="
        + busy
        + ", meanTime="
        + meanTime()
        + "]";
  }
}
