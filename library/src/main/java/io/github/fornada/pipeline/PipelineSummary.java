package io.github.fornada.pipeline;

import io.github.fornada.Pool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.process.WorkerStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The figures of a pipeline's run: where the time of its workers went, which stage holds the others
 * up, and what one more worker there would give. Immutable. {@link #toString} is for people: a
 * table that fits 80 columns, and a sentence.
 */
public final class PipelineSummary {
  private final List<StageSummary> stages;
  private final Duration elapsed;
  private final long sourceItems;
  private final long outcomes;
  private final boolean stoppedEarly;
  private final double freeProcessors;
  private final List<String> changes;

  PipelineSummary(
      List<StageSummary> stages,
      Duration elapsed,
      long sourceItems,
      long outcomes,
      boolean stoppedEarly,
      double freeProcessors,
      List<String> changes) {
    this.stages = List.copyOf(stages);
    this.elapsed = elapsed;
    this.sourceItems = sourceItems;
    this.outcomes = outcomes;
    this.stoppedEarly = stoppedEarly;
    this.freeProcessors = freeProcessors;
    this.changes = List.copyOf(changes);
  }

  static PipelineSummary of(PipelineEngine engine) {
    var stages = new ArrayList<StageSummary>();
    long outcomes = 0;
    for (Stage stage : engine.stages()) {
      StageSummary summary = of(stage, engine);
      outcomes += summary.failed();
      stages.add(summary);
    }
    outcomes += stages.getLast().results() - engine.last().merged();
    return new PipelineSummary(
        stages,
        Duration.ofNanos(engine.elapsedNanos()),
        engine.sourceTaken(),
        outcomes,
        engine.isStoppedEarly(),
        engine.monitor().freeProcessors(),
        engine.monitor().changes());
  }

  private static StageSummary of(Stage stage, PipelineEngine engine) {
    StageFigures figures = stage.figures();
    Pool pool = stage.pool();
    long active = figures.activeNanos();
    StageFigures.IdleParts idle;
    stage.in().lock().lock();
    try {
      idle = figures.idleParts();
    } finally {
      stage.in().lock().unlock();
    }
    int size = stage.size();
    int starting = starting(stage);
    return new StageSummary(
        stage.name(),
        pool.model().label(),
        new StageSummary.Counts(
            size,
            starting,
            figures.restarts(),
            figures.taken.sum(),
            figures.passedOn.sum(),
            figures.failed.sum(),
            figures.cancelled.sum(),
            StageSummary.PerItem.of(
                stage.endedItems(), figures.passedOn.sum(), figures.allTimed())),
        new StageSummary.Times(
            active == 0 ? 0 : figures.timed() * 1e9 / active,
            idle,
            engine.monitor().cpuCores(stage),
            figures.reading(size, starting)),
        new StageSummary.Depth(stage.in().depth(), stage.in().limit(), stage.in().deepest()),
        () -> stage.history(engine.endOrNow()));
  }

  /** How many worker JVMs have not come up yet; not those between two lives. */
  private static int starting(Stage stage) {
    int up = 0;
    if (!(stage.pool() instanceof ProcessPool processes) || processes.isShutdown()) {
      return 0;
    }
    for (WorkerStats worker : processes.stats().workers()) {
      if (worker.starts() > 0) {
        up++;
      }
    }
    return Math.max(0, stage.size() - up);
  }

  /** Returns the figures of the stages, in their order. */
  public List<StageSummary> stages() {
    return stages;
  }

  /** Returns how long the run has taken so far, or in all. */
  public Duration elapsed() {
    return elapsed;
  }

  /** Returns how many items were taken from the source. */
  public long sourceItems() {
    return sourceItems;
  }

  /**
   * Returns how many outcomes there are, those included that the consumer has not taken yet. After
   * a stop, the items that it cancels are counted as soon as the consumer comes to them, or the run
   * is closed.
   */
  public long outcomes() {
    return outcomes;
  }

  /** Whether it was stopped before its last outcome had come. */
  boolean stoppedEarly() {
    return stoppedEarly;
  }

  /**
   * Returns the stage that holds the others up: the one whose workers are the busiest. Null if no
   * stage does, because the source or the consumer does, or nothing has run.
   */
  public @Nullable StageSummary bottleneck() {
    Diagnosis found = Diagnosis.of(stages, freeProcessors);
    return found.kind() == Diagnosis.Kind.STAGE ? found.busiest() : null;
  }

  /**
   * Returns how many items a second the bottleneck would run with one more worker; 0 if there is no
   * bottleneck. It is no more than the next stage can take, nor than the processors that were free
   * allow.
   */
  public double rateWithOneMore() {
    Diagnosis found = Diagnosis.of(stages, freeProcessors);
    return found.kind() == Diagnosis.Kind.STAGE ? found.promised() : 0;
  }

  /**
   * Returns how the sizes of the stages have changed, one text for each change, the first one
   * first; empty without a {@linkplain PipelineOptions#withTotal total}. Times, rates and depths
   * are of what came after the last one.
   */
  public List<String> changes() {
    return changes;
  }

  /** The processors that were free; -1 if unknown. */
  double freeProcessors() {
    return freeProcessors;
  }

  /**
   * Returns whether what this says rests on little: few items, or items whose times differ much, or
   * not all workers have come up yet. {@link #advice} says which.
   */
  public boolean isPreliminary() {
    return !Diagnosis.of(stages, freeProcessors).doubt().isEmpty();
  }

  /** Returns what holds the pipeline up and what would help, in a few sentences. */
  public String advice() {
    return Diagnosis.of(stages, freeProcessors).text();
  }

  @Override
  public String toString() {
    return SummaryText.of(this);
  }
}
