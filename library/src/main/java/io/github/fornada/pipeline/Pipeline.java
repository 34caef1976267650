package io.github.fornada.pipeline;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.StackRoom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Stages of different models, one after the other, through which every item of a source goes. A
 * description: nothing happens before {@link #run} and the run's stream. Immutable: each method
 * returns a longer pipeline.
 *
 * {@snippet :
 * try (var run = Pipeline.from(urls)
 *     .stage("fetch", virtualThreads(50), Crawl::fetch, o -> o.withTimeout(ofSeconds(5)))
 *     .stage("parse", processes(2), Crawl::parse)
 *     .flatStage("rows", threads(1), Page::rows)
 *     .batches(500, ofMillis(200))
 *     .stage("store", database, Crawl::store)
 *     .run()) {
 *   run.outcomes().forEach(o -> log(o));
 *   System.out.println(run.summary());
 * }
 * }
 *
 * <p><b>Stages.</b> A stage runs on a pool of its own, opened by {@link #run} and closed with the
 * run, or on a pool that is open already and may be shared with others. Timeouts, retries,
 * listeners and carriers are the options of that pool, and mean the same as there. A {@link #map}
 * or {@link #filter} belongs to the stage before it, or, where there is none, to the one after it:
 * it runs in the same worker, and no queue stands between.
 *
 * <p><b>Queues and back-pressure.</b> Between two stages stands a bounded queue ({@link
 * PipelineOptions#withQueue}). A stage begins an item only when the next queue has a place for what
 * it becomes. So a slow consumer slows down the source, which may be endless, and no worker is kept
 * waiting: it is free for others that share its pool.
 *
 * <p><b>Values between stages.</b> What a stage returns is the next stage's. It must not be changed
 * after it was returned. To a worker process it is sent when it is the item's turn.
 *
 * <p><b>Memory effects.</b> What happens to an item in one stage happens-before what happens to it
 * in the next, and all of it before the consumer sees its outcome.
 *
 * <p>The design follows Flink's account of busy, idle and back-pressured time, and Kahn's networks
 * of processes joined by queues.
 *
 * @param <T> what the last stage gives
 */
public final class Pipeline<T extends @Nullable Object> {
  private sealed interface Part {
    record StagePart(
        String name,
        StagePlan.Opener pool,
        boolean isFlat,
        TaskFunction<@Nullable Object, @Nullable Object> function)
        implements Part {}

    record StepPart(Step step) implements Part {}

    record BatchPart(StagePlan.Batches batches) implements Part {}
  }

  private final Iterable<?> source;
  private final List<Part> parts;

  private Pipeline(Iterable<?> source, List<Part> parts) {
    this.source = source;
    this.parts = parts;
  }

  /**
   * Returns a pipeline without stages over the items of {@code source}. The source is read on a
   * thread of its own, once for each run.
   */
  public static <T extends @Nullable Object> Pipeline<T> from(Iterable<? extends T> source) {
    Objects.requireNonNull(source, "source");
    return new Pipeline<>(source, List.of());
  }

  private <R extends @Nullable Object> Pipeline<R> plus(Part part) {
    var longer = new ArrayList<>(parts);
    longer.add(part);
    return new Pipeline<>(source, List.copyOf(longer));
  }

  @SuppressWarnings("unchecked") // each function gets what the part before it gives
  private static TaskFunction<@Nullable Object, @Nullable Object> erased(
      TaskFunction<?, ?> function) {
    Objects.requireNonNull(function, "function");
    return (TaskFunction<@Nullable Object, @Nullable Object>) function;
  }

  private <R extends @Nullable Object> Pipeline<R> plusStage(
      String name, StagePlan.Opener pool, boolean isFlat, TaskFunction<?, ?> function) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name must not be blank, got \"" + name + "\"");
    }
    for (Part part : parts) {
      if (part instanceof Part.StagePart stage && stage.name().equals(name)) {
        throw new IllegalArgumentException("two stages are called \"" + name + "\"");
      }
    }
    return plus(new Part.StagePart(name, pool, isFlat, erased(function)));
  }

  private static <O> StagePlan.Opener opener(
      String name, StageModel<O> model, UnaryOperator<O> options) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(options, "options");
    return new StagePlan.Opener(
        model.size(),
        true,
        model.canChange(),
        most -> model.open(name, Math.max(model.size(), most), options));
  }

  private static StagePlan.Opener open(Pool pool) {
    Objects.requireNonNull(pool, "pool");
    return new StagePlan.Opener(pool.workers(), false, false, most -> pool);
  }

  /**
   * Returns this pipeline with one more stage, on a pool of its own.
   *
   * @param name how the stage is called in outcomes, figures and messages; not blank, and no other
   *     stage's
   * @param model how it runs its items, and how many at once
   */
  public <R extends @Nullable Object> Pipeline<R> stage(
      String name, StageModel<?> model, TaskFunction<? super T, ? extends R> function) {
    return plusStage(name, opener(name, model, o -> o), false, function);
  }

  /**
   * Returns this pipeline with one more stage, on a pool of its own.
   *
   * @param options changes the options of that pool
   */
  public <O, R extends @Nullable Object> Pipeline<R> stage(
      String name,
      StageModel<O> model,
      TaskFunction<? super T, ? extends R> function,
      UnaryOperator<O> options) {
    return plusStage(name, opener(name, model, options), false, function);
  }

  /**
   * Returns this pipeline with one more stage, on a pool that is open already. The run does not
   * close it.
   */
  public <R extends @Nullable Object> Pipeline<R> stage(
      String name, Pool pool, TaskFunction<? super T, ? extends R> function) {
    return plusStage(name, open(pool), false, function);
  }

  /**
   * Returns this pipeline with one more stage that makes any number of items of one, on a pool of
   * its own.
   *
   * <p>In this JVM the stream is read lazily, as far as the next queue has room, and goes on when
   * there is some; that may be in another thread of the pool, and the timeout of the pool counts
   * for each stretch alone. What a {@code flatMap} in the stream makes of one element, the JDK
   * reads at once: make it a stage of its own, or use {@code mapMulti} for few. A worker process
   * makes all of them before it sends any. If {@code function} or its stream throws, what came
   * before is passed on, or in a worker process nothing, and the item has one outcome that says so.
   * It is not tried again when something was passed on. The stream is closed at its end. An item of
   * which nothing is made has no outcome of its own.
   */
  public <R extends @Nullable Object> Pipeline<R> flatStage(
      String name,
      StageModel<?> model,
      TaskFunction<? super T, ? extends Stream<? extends R>> function) {
    return plusStage(name, opener(name, model, o -> o), true, function);
  }

  /**
   * Returns this pipeline with one more stage that makes any number of items of one, on a pool of
   * its own.
   *
   * @param options changes the options of that pool
   */
  public <O, R extends @Nullable Object> Pipeline<R> flatStage(
      String name,
      StageModel<O> model,
      TaskFunction<? super T, ? extends Stream<? extends R>> function,
      UnaryOperator<O> options) {
    return plusStage(name, opener(name, model, options), true, function);
  }

  /**
   * Returns this pipeline with one more stage that makes any number of items of one, on a pool that
   * is open already. The run does not close it.
   */
  public <R extends @Nullable Object> Pipeline<R> flatStage(
      String name, Pool pool, TaskFunction<? super T, ? extends Stream<? extends R>> function) {
    return plusStage(name, open(pool), true, function);
  }

  /**
   * Returns this pipeline with a function that belongs to the stage before it, or where there is
   * none, to the one after it.
   */
  public <R extends @Nullable Object> Pipeline<R> map(
      TaskFunction<? super T, ? extends R> function) {
    return plus(new Part.StepPart(new Step(erased(function), false)));
  }

  /**
   * Returns this pipeline with a filter that belongs to the stage before it, or where there is
   * none, to the one after it. Items that it drops have no outcome.
   *
   * @param condition returns true for the items that go on
   */
  public Pipeline<T> filter(TaskFunction<? super T, Boolean> condition) {
    return plus(new Part.StepPart(new Step(erased(condition), true)));
  }

  /**
   * Returns this pipeline with lists of items in place of single ones.
   *
   * @param size how many items a list has at most; at least 1, and at most 2<sup>28</sup>
   * @param wait how long the first of them waits for the others before the list goes on as it is;
   *     must be positive
   */
  public Pipeline<List<T>> batches(int size, Duration wait) {
    if (size < 1 || size > ItemQueue.MAX_BATCH) {
      throw new IllegalArgumentException(
          "size must be from 1 to " + ItemQueue.MAX_BATCH + ", got " + size);
    }
    if (!wait.isPositive()) {
      throw new IllegalArgumentException("wait must be positive, got " + wait);
    }
    return plus(new Part.BatchPart(new StagePlan.Batches(size, wait)));
  }

  /**
   * Opens the pools of the stages, for one run. Items are taken from the source when the run's
   * stream is consumed.
   *
   * @throws IllegalStateException if there is no stage; or a map or a filter comes before the first
   *     stage or after {@link #batches}, and no stage follows it that it could belong to; or {@code
   *     batches} follows {@code batches}
   * @throws RuntimeException what opening a pool throws; those opened before are closed
   */
  public PipelineRun<T> run() {
    return run(o -> o);
  }

  /**
   * Opens the pools of the stages, for one run with options changed by {@code change}.
   *
   * @throws IllegalStateException as {@link #run()} does, or if there is a {@linkplain
   *     PipelineOptions#withTotal total} and no stage whose size can change, or if the stages have
   *     more workers than that
   */
  public PipelineRun<T> run(UnaryOperator<PipelineOptions> change) {
    StackRoom.require();
    PipelineOptions options = change.apply(PipelineOptions.DEFAULT);
    var plans = new ArrayList<StagePlan>();
    var loose = new ArrayList<Step>();
    StagePlan.Batches batches = StagePlan.Batches.NONE;
    boolean belongsBefore = false;
    for (Part part : parts) {
      switch (part) {
        case Part.StagePart stage -> {
          plans.add(
              new StagePlan(
                  stage.name(),
                  stage.pool(),
                  stage.isFlat(),
                  stage.function(),
                  List.copyOf(loose),
                  new ArrayList<>(),
                  batches));
          loose.clear();
          batches = StagePlan.Batches.NONE;
          belongsBefore = true;
        }
        case Part.StepPart(Step step) -> {
          if (belongsBefore) {
            plans.getLast().after().add(step);
          } else {
            loose.add(step);
          }
        }
        case Part.BatchPart(StagePlan.Batches made) -> {
          if (batches.size() > 0) {
            throw new IllegalStateException("batches of batches: a stage must stand between them");
          }
          requireStage(loose, "before batches");
          batches = made;
          belongsBefore = false;
        }
      }
    }
    requireStage(loose, "at the end");
    if (plans.isEmpty()) {
      throw new IllegalStateException("the pipeline has no stage");
    }
    return new PipelineRun<>(new PipelineEngine(source, plans, batches, options));
  }

  private static void requireStage(List<Step> loose, String where) {
    if (!loose.isEmpty()) {
      throw new IllegalStateException(
          "a map or filter "
              + where
              + " has no stage that it could belong to: put a stage before it or after it");
    }
  }
}
