package io.github.fornada.pipeline;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The options of a pipeline's run; what a stage's tasks may do is among the options of its pool.
 * Immutable: each {@code with} method returns a changed copy.
 */
public final class PipelineOptions {
  static final PipelineOptions DEFAULT =
      new PipelineOptions(0, 0, false, Duration.ofSeconds(30), Duration.ofSeconds(1), null, null);

  /** More workers than any machine has use for; each is counted one by one. */
  private static final int MAX_TOTAL = 100_000;

  private final int queue;
  private final int total;
  private final boolean stopsOnFailure;
  private final Duration stallTimeout;
  private final Duration interval;
  private final @Nullable Consumer<? super PipelineSummary> progress;
  private final @Nullable Consumer<? super StageStall> stalls;

  private PipelineOptions(
      int queue,
      int total,
      boolean stopsOnFailure,
      Duration stallTimeout,
      Duration interval,
      @Nullable Consumer<? super PipelineSummary> progress,
      @Nullable Consumer<? super StageStall> stalls) {
    if (queue < 0) {
      throw new IllegalArgumentException("queue must be at least 1, got " + queue);
    }
    if (!stallTimeout.isPositive()) {
      throw new IllegalArgumentException("stall timeout must be positive, got " + stallTimeout);
    }
    if (!interval.isPositive()) {
      throw new IllegalArgumentException("interval must be positive, got " + interval);
    }
    this.queue = queue;
    this.total = total;
    this.stopsOnFailure = stopsOnFailure;
    this.stallTimeout = stallTimeout;
    this.interval = interval;
    this.progress = progress;
    this.stalls = stalls;
  }

  /**
   * Returns options in which at most {@code items} items wait in each queue, beside those that
   * workers have; {@code items} must be at least 1. By default a queue has room for some
   * milliseconds of work: 16 items and more for slow stages, up to 4096 for quick ones, and to
   * 16384 beside worker processes; no more than 1024 while the heap is nearly full. The queue
   * before {@link Pipeline#batches} has room for two batches at least.
   */
  public PipelineOptions withQueue(int items) {
    if (items < 1) {
      throw new IllegalArgumentException("queue must be at least 1, got " + items);
    }
    return new PipelineOptions(
        items, total, stopsOnFailure, stallTimeout, interval, progress, stalls);
  }

  /**
   * Returns options in which the stages' sizes follow what is measured. Workers are moved to the
   * stage that holds the others up from those that have more than they need, one at a time, and
   * moved back if that did not help. {@link PipelineSummary#changes} tells of it.
   *
   * <p>It concerns the stages of threads and of processes that have a pool of their own; each
   * begins with the size that it was given and keeps one worker at least. Virtual threads cost next
   * to nothing: their number is what others bear, and it stays as it was given. It takes some tens
   * of items, and at least half a second, to judge a change, so it is for runs of many seconds.
   *
   * @param workers how many workers those stages have together at most, those included that no
   *     stage has yet; from 1 to 100,000
   */
  public PipelineOptions withTotal(int workers) {
    if (workers < 1 || workers > MAX_TOTAL) {
      throw new IllegalArgumentException(
          "total must be from 1 to " + MAX_TOTAL + ", got " + workers);
    }
    return new PipelineOptions(
        queue, workers, stopsOnFailure, stallTimeout, interval, progress, stalls);
  }

  /**
   * Returns options in which the first item that fails, is over its timeout or loses its worker
   * stops the whole pipeline: the items that have not ended are cancelled, and each has an outcome
   * that says so. By default only the item that failed is left out of the stages after.
   */
  public PipelineOptions withStopOnFailure() {
    return new PipelineOptions(queue, total, true, stallTimeout, interval, progress, stalls);
  }

  /**
   * Returns options in which a stage that has input, and neither takes nor gives an item for {@code
   * time}, is reported as stalled; {@code time} must be positive. The default is 30 s.
   */
  public PipelineOptions withStallTimeout(Duration time) {
    Objects.requireNonNull(time, "time");
    return new PipelineOptions(queue, total, stopsOnFailure, time, interval, progress, stalls);
  }

  /**
   * Returns options in which {@code listener} is called when a stage has stalled, once for each
   * stall, on the thread of {@link #withProgress}. By default the log is told.
   */
  public PipelineOptions withStallListener(Consumer<? super StageStall> listener) {
    Objects.requireNonNull(listener, "listener");
    return new PipelineOptions(
        queue, total, stopsOnFailure, stallTimeout, interval, progress, listener);
  }

  /**
   * Returns options in which {@code listener} is called with the figures so far, again and again
   * until the run ends, and once at the end. It is called on a thread of its own, one call after
   * the other. A call that blocks does not hold up the run, but no stall is seen meanwhile, and no
   * size follows; when the run is closed it is {@linkplain PipelineRun#close interrupted}.
   *
   * @param every the pause between two calls; must be positive
   */
  public PipelineOptions withProgress(Duration every, Consumer<? super PipelineSummary> listener) {
    Objects.requireNonNull(every, "every");
    Objects.requireNonNull(listener, "listener");
    return new PipelineOptions(queue, total, stopsOnFailure, stallTimeout, every, listener, stalls);
  }

  /** Returns how many items may wait in each queue; 0 for as many as the stages' times suggest. */
  public int queue() {
    return queue;
  }

  /** Returns how many workers the stages share; 0 where each keeps what it was given. */
  public int total() {
    return total;
  }

  /** Returns whether the first failure stops the pipeline. */
  public boolean stopsOnFailure() {
    return stopsOnFailure;
  }

  /** Returns after what time without progress a stage is reported as stalled. */
  public Duration stallTimeout() {
    return stallTimeout;
  }

  Duration interval() {
    return interval;
  }

  @Nullable Consumer<? super PipelineSummary> progress() {
    return progress;
  }

  @Nullable Consumer<? super StageStall> stalls() {
    return stalls;
  }

  @Override
  public String toString() {
    return "PipelineOptions[queue="
        + queue
        + ", total="
        + total
        + ", stopsOnFailure="
        + stopsOnFailure
        + ", stallTimeout="
        + stallTimeout
        + "]";
  }
}
