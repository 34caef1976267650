package io.github.fornada.pipeline;

import java.time.Duration;

/** The figures of one stage of a pipeline. Immutable. */
public final class StageSummary {
  private final String name;
  private final String model;
  private final int size;
  private final long taken;
  private final long results;
  private final long failed;
  private final double rate;
  private final double busy;
  private final double waitsForInput;
  private final double waitsForRoom;
  private final double meanNanos;
  private final double cpuCores;
  private final int queued;
  private final int queueLimit;
  private final int deepest;

  StageSummary(
      String name,
      String model,
      int size,
      long taken,
      long results,
      long failed,
      double rate,
      double busy,
      double waitsForInput,
      double waitsForRoom,
      double meanNanos,
      double cpuCores,
      int queued,
      int queueLimit,
      int deepest) {
    this.name = name;
    this.model = model;
    this.size = size;
    this.taken = taken;
    this.results = results;
    this.failed = failed;
    this.rate = rate;
    this.busy = busy;
    this.waitsForInput = waitsForInput;
    this.waitsForRoom = waitsForRoom;
    this.meanNanos = meanNanos;
    this.cpuCores = cpuCores;
    this.queued = queued;
    this.queueLimit = queueLimit;
    this.deepest = deepest;
  }

  /** Returns the name of the stage. */
  public String name() {
    return name;
  }

  /** Returns the label of the model of its pool. */
  public String model() {
    return model;
  }

  /** Returns the number of workers of its pool. */
  public int size() {
    return size;
  }

  /** Returns how many items were given to workers, retries not counted. */
  public long taken() {
    return taken;
  }

  /** Returns how many results the stage has passed on. */
  public long results() {
    return results;
  }

  /** Returns how many items ended in this stage without a result. */
  public long failed() {
    return failed;
  }

  /** Returns how many items a second it has run, from its first item to its last. */
  public double rate() {
    return rate;
  }

  /**
   * Returns how many items a second its workers could run if they had nothing to wait for: the
   * number of workers divided by the mean time of an item; 0 while no item has ended.
   */
  public double trueRate() {
    return meanNanos == 0 ? 0 : size * 1e9 / meanNanos;
  }

  /** Returns the part of its workers' time in which they ran items, from 0 to 1. */
  public double busy() {
    return busy;
  }

  /** Returns the part of its workers' time in which there was no item for them, from 0 to 1. */
  public double waitsForInput() {
    return waitsForInput;
  }

  /**
   * Returns the part of its workers' time in which items waited that could not be begun, because
   * the queue behind the stage was full; from 0 to 1.
   */
  public double waitsForRoom() {
    return waitsForRoom;
  }

  /** Returns the mean time of an item in a worker; zero while none has ended. */
  public Duration meanTime() {
    return Duration.ofNanos(Math.round(meanNanos));
  }

  /** Returns how many items wait for it. */
  public int queued() {
    return queued;
  }

  /** Returns how many places its queue has, those of the items before it in work included. */
  public int queueLimit() {
    return queueLimit;
  }

  /** Returns the most items that have waited for it. */
  public int deepestQueue() {
    return deepest;
  }

  /** The mean number of processors it kept busy; -1 if unknown. */
  double cpuCores() {
    return cpuCores;
  }

  @Override
  public String toString() {
    return "StageSummary[name="
        + name
        + ", model="
        + model
        + ", size="
        + size
        + ", taken="
        + taken
        + ", results="
        + results
        + ", failed="
        + failed
        + ", rate="
        + rate
        + ", busy="
        + busy
        + ", waitsForInput="
        + waitsForInput
        + ", waitsForRoom="
        + waitsForRoom
        + "]";
  }
}
