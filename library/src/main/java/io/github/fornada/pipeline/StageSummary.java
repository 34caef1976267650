package io.github.fornada.pipeline;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** The figures of one stage of a pipeline. Immutable. */
public final class StageSummary {
  /**
   * What was counted.
   *
   * @param starting workers that have not come up yet
   * @param restarts worker JVMs that have replaced others
   * @param cancelled those of the failed that a stop has cancelled
   * @param perItem what an item that has ended stands for
   */
  record Counts(
      int size,
      int starting,
      long restarts,
      long taken,
      long results,
      long failed,
      long cancelled,
      PerItem perItem) {}

  /**
   * Means of the items that have ended. They do not depend on how full the queues are, as counts of
   * two stages do.
   *
   * @param results what the stage has passed on
   * @param runs how often an item was run, retries included
   */
  record PerItem(double results, double runs) {
    static final PerItem ONE = new PerItem(1, 1);

    /**
     * Returns the means.
     *
     * @param ended how many items have ended in the stage
     */
    static PerItem of(long ended, long results, long runs) {
      return ended == 0 ? ONE : new PerItem(results / (double) ended, runs / (double) ended);
    }
  }

  /**
   * What was measured.
   *
   * @param runs a second, of items, from the first item to the last
   * @param idle what the idle time was spent on
   * @param cpuCores the mean number of processors that it kept busy; -1 if unknown
   */
  record Times(
      double runs, StageFigures.IdleParts idle, double cpuCores, StageFigures.Reading workers) {}

  /**
   * How many items wait for it, so that they can be begun: what comes later in the order than an
   * item that is not there yet does not count.
   *
   * @param queued now
   * @param limit how many places there are
   * @param deepest the most that have waited, since sizes changed last
   */
  record Depth(int queued, int limit, int deepest) {}

  private final String name;
  private final String model;
  private final Counts counts;
  private final Times times;
  private final Depth depth;
  private final Supplier<List<StageMoment>> history;

  StageSummary(
      String name,
      String model,
      Counts counts,
      Times times,
      Depth depth,
      Supplier<List<StageMoment>> history) {
    this.name = name;
    this.model = model;
    this.counts = counts;
    this.times = times;
    this.depth = depth;
    this.history = history;
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
    return counts.size();
  }

  /** Returns how many items were given to workers, retries not counted. */
  public long taken() {
    return counts.taken();
  }

  /** Returns how many results the stage has passed on. */
  public long results() {
    return counts.results();
  }

  /**
   * Returns how many items ended in this stage without a result; those that a stop of the pipeline
   * has cancelled here, or while they waited for this stage, included.
   */
  public long failed() {
    return counts.failed();
  }

  /** How many of {@link #failed} were cancelled. */
  long cancelled() {
    return counts.cancelled();
  }

  /**
   * Returns how many items a second it has run, from its first item to its last; an item that was
   * retried is one.
   */
  public double rate() {
    return times.runs() / runsPerItem();
  }

  /**
   * Returns how many items a second its workers could run if they had nothing to wait for: the
   * number of workers divided by the mean time of an item, all its retries included; 0 while no
   * item has ended. Where worker JVMs are replaced, the time that takes for each item is added to
   * the item's.
   */
  public double trueRate() {
    double mean = times.workers().meanNanos();
    return mean == 0 ? 0 : size() * 1e9 / ((mean + restartNanos()) * runsPerItem());
  }

  /** How long workers could run nothing because they were replaced, for each run of an item. */
  double restartNanos() {
    return times.workers().restarts().nanosPerItem();
  }

  /** How often an item is run. */
  double runsPerItem() {
    return counts.perItem().runs() > 0 ? counts.perItem().runs() : 1;
  }

  /**
   * Returns the part of its workers' time in which they ran items, from 0 to 1. The time of a
   * worker begins with the end of its first item: its start does not count. That of a worker JVM
   * that replaces another one does, as {@link #restarting}.
   */
  public double busy() {
    return times.workers().busy();
  }

  /**
   * Returns the part of its workers' time in which they could run nothing because their JVMs were
   * replaced, from 0 to 1: after a death, or as {@link
   * io.github.fornada.process.ProcessOptions#withMaxTasks} says. An item that was lost with its
   * worker belongs to that time. Zero for pools on other machines, which do not tell.
   */
  public double restarting() {
    return times.workers().restarts().part();
  }

  /** Returns how many of its worker JVMs have replaced others that had run items. */
  public long restarts() {
    return counts.restarts();
  }

  /** The part of its workers' time in which they could not have done more: the one that counts. */
  double load() {
    return busy() + restarting();
  }

  /** How many items it passes on for each that ends in it. */
  double resultsPerItem() {
    return counts.perItem().results();
  }

  /** How many restarts the figures are of. */
  long measuredRestarts() {
    return times.workers().restarts().count();
  }

  /**
   * Returns the part of its workers' time in which there was no item for them, from 0 to 1; also
   * because all had come, and the last ones ran.
   */
  public double waitsForInput() {
    return (1 - load()) * (1 - times.idle().forRoom());
  }

  /**
   * Returns the part of its workers' time in which items waited that could not be begun, because
   * the queue behind the stage was full; from 0 to 1.
   */
  public double waitsForRoom() {
    return (1 - load()) * times.idle().forRoom();
  }

  /**
   * The part of its workers' time in which the queue behind the stage was full, and all in it
   * waited for an item that comes before them in the order and had not ended. It is contained in
   * {@link #waitsForRoom}.
   */
  double waitsForTurn() {
    return (1 - load()) * times.idle().forTurn();
  }

  /**
   * The part of its workers' time in which there was no item for them, and no more were to come:
   * its last items ran. It is contained in {@link #waitsForInput}.
   */
  double idleAtEnd() {
    return (1 - load()) * times.idle().atEnd();
  }

  /**
   * Returns the mean time of a run of an item in a worker; zero while none has ended. The first
   * items of each worker, which take longer than those to come, are left out, unless there are no
   * others.
   */
  public Duration meanTime() {
    return Duration.ofNanos(Math.round(times.workers().meanNanos()));
  }

  /** Returns how many items the mean time is of; 0 if it is of its workers' first items only. */
  public long measured() {
    return times.workers().measured();
  }

  /** Returns the figures of its workers, by name; of those that have run an item. */
  public List<WorkerSummary> workers() {
    return times.workers().workers();
  }

  /**
   * Returns what it did over time, from the start of the run until now, or until its end: at most
   * some hundred slices of equal length, the last one may be shorter.
   */
  public List<StageMoment> history() {
    return history.get();
  }

  /** Returns how many items wait for it now. */
  public int queued() {
    return depth.queued();
  }

  /** Returns how many places its queue has, those of the items before it in work included. */
  public int queueLimit() {
    return depth.limit();
  }

  /**
   * Returns the most items that have waited for it at one time, since sizes changed last; {@link
   * #history} has the most of each moment.
   */
  public int deepestQueue() {
    return depth.deepest();
  }

  /** How much the mean time may be off, as a part of it. */
  double error() {
    return times.workers().error();
  }

  /** How many of its workers have not come up yet. */
  int starting() {
    return counts.starting();
  }

  /** The mean number of processors it kept busy; -1 if unknown. */
  double cpuCores() {
    return times.cpuCores();
  }

  @Override
  public String toString() {
    return "StageSummary[name="
        + name
        + ", model="
        + model
        + ", size="
        + size()
        + ", taken="
        + taken()
        + ", results="
        + results()
        + ", failed="
        + failed()
        + ", rate="
        + rate()
        + ", busy="
        + busy()
        + ", restarting="
        + restarting()
        + ", waitsForInput="
        + waitsForInput()
        + ", waitsForRoom="
        + waitsForRoom()
        + "]";
  }
}
