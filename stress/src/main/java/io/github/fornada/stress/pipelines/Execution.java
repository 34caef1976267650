package io.github.fornada.stress.pipelines;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.PoolOptions;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskPolicy;
import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.PipelineOptions;
import io.github.fornada.pipeline.PipelineOutcome;
import io.github.fornada.pipeline.PipelineRun;
import io.github.fornada.pipeline.PipelineSummary;
import io.github.fornada.pipeline.StageModel;
import io.github.fornada.process.ProcessOptions;
import io.github.fornada.stress.pipelines.Plan.Kind;
import io.github.fornada.stress.pipelines.StagePlan.Batches;
import io.github.fornada.stress.pipelines.StagePlan.Limits;
import io.github.fornada.stress.pipelines.StagePlan.Where;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs the pipeline of a plan and keeps what was seen of it. */
final class Execution {
  private static final Duration PROGRESS_EVERY = Duration.ofMillis(20);
  private static final int SLOW_MILLIS = 5;

  /** A slow consumer pauses so often at most. */
  private static final int MOST_PAUSES = 100;

  private final Plan plan;
  private final SharedPools pools;

  /** Whether the pools are this execution's own. */
  private final boolean ownsPools;

  private final UnaryOperator<TaskFunction<Object, Object>> change;

  private final Queue<PipelineOutcome<Object>> outcomes = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();
  private final AtomicReference<@Nullable String> wrongProgress = new AtomicReference<>();

  /** Written once, before the run is consumed. */
  private volatile @Nullable PipelineRun<Object> run;

  /** Who consumes; null before and after. Guarded by this. */
  private @Nullable Thread consumer;

  /**
   * What was seen of a run.
   *
   * @param thrown what the stream threw; null for nothing
   * @param wasInterrupted whether the consumer's interrupt was set at the end
   * @param text what the run says of itself after its close
   * @param wrongProgress what was wrong with figures on the way; null for nothing
   */
  record Seen(
      List<PipelineOutcome<Object>> outcomes,
      @Nullable Throwable thrown,
      boolean wasInterrupted,
      PipelineSummary summary,
      String text,
      @Nullable String wrongProgress) {}

  /**
   * Prepares an execution.
   *
   * @param change what is done to the function of each stage; a fault may be planted
   */
  Execution(Plan plan, SharedPools pools, UnaryOperator<TaskFunction<Object, Object>> change) {
    this.plan = plan;
    this.ownsPools = plan.consumption().kind().isShutDown();
    this.pools = ownsPools ? new SharedPools() : pools;
    this.change = change;
  }

  /** Runs the pipeline to its end, its close included. */
  Seen run() throws IOException {
    Path attempts = Files.createTempDirectory("pipeline-storm-");
    try {
      PipelineRun<Object> opened = pipeline(attempts.toString()).run(this::options);
      run = opened;
      Throwable thrown = null;
      try (opened) {
        if (plan.consumption().kind() != Kind.NOT_AT_ALL) {
          thrown = consume(opened);
        }
      }
      boolean wasInterrupted = Thread.interrupted(); // by the close kept
      return new Seen(
          List.copyOf(outcomes),
          thrown,
          wasInterrupted,
          opened.summary(),
          opened.toString(),
          wrongProgress.get());
    } finally {
      if (ownsPools) {
        pools.close();
      }
      delete(attempts);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  // ---- what others may ask while it runs

  /** Returns a text that changes with everything that happens. */
  String progress() {
    PipelineRun<Object> now = run;
    if (now == null) {
      return "not begun";
    }
    PipelineSummary summary = now.summary();
    var text = new StringBuilder(count + " of " + summary.sourceItems());
    summary
        .stages()
        .forEach(s ->
            text.append(", ")
                .append(s.taken())
                .append('/')
                .append(s.results())
                .append('/')
                .append(s.failed()));
    return text.toString();
  }

  /** Closes the run, which waits. */
  void giveUp() {
    PipelineRun<Object> now = run;
    if (now != null) {
      now.close();
    }
  }

  @Override
  public String toString() {
    return plan + "\n    " + run + "\n    " + progress();
  }

  // ---- the pipeline

  private Pipeline<Object> pipeline(String attempts) {
    Pipeline<Object> pipeline = Pipeline.from(PlannedSource.of(plan, this::sourceIsAsked));
    for (StagePlan stage : plan.stages()) {
      pipeline = batched(pipeline, stage.batches());
      pipeline = withStage(pipeline, stage, change.apply(new StageTask(stage, attempts)));
      if (stage.drops() > 0) {
        pipeline = pipeline.filter(value -> !stage.drops(Value.tokens(value)[0]));
      }
      if (stage.isMapped()) {
        pipeline = pipeline.map(value -> value);
      }
    }
    return batched(pipeline, plan.end());
  }

  @SuppressWarnings("unchecked") // a list is an object
  private static Pipeline<Object> batched(Pipeline<Object> pipeline, @Nullable Batches batches) {
    return batches == null
        ? pipeline
        : (Pipeline<Object>) (Pipeline<?>) pipeline.batches(batches.size(), batches.patience());
  }

  private Pipeline<Object> withStage(
      Pipeline<Object> pipeline, StagePlan stage, TaskFunction<Object, Object> function) {
    Where where = stage.where();
    int workers = where.workers();
    return switch (where.model()) {
      case THREADS -> withStage(pipeline, stage, StageModel.threads(workers), function);
      case VIRTUAL_THREADS ->
          withStage(pipeline, stage, StageModel.virtualThreads(workers), function);
      case SEQUENTIAL -> withStage(pipeline, stage, StageModel.sequential(), function);
      case PROCESSES -> {
        UnaryOperator<ProcessOptions> options =
            o -> o.withHeap("64m").withPolicy(policy(o.policy(), stage.limits()));
        StageModel<ProcessOptions> model = StageModel.processes(workers);
        yield stage.isFlat()
            ? pipeline.flatStage(stage.name(), model, flat(function), options)
            : pipeline.stage(stage.name(), model, function, options);
      }
      default -> {
        Pool pool = pools.get(where.model());
        TaskFunction<Object, Object> task =
            where.nests() == 0 ? function : nesting(stage, pool, function);
        yield stage.isFlat()
            ? pipeline.flatStage(stage.name(), pool, flat(task))
            : pipeline.stage(stage.name(), pool, task);
      }
    };
  }

  /** Returns a function of which some items wait for what they hand to their own pool. */
  private static TaskFunction<Object, Object> nesting(
      StagePlan stage, Pool pool, TaskFunction<Object, Object> function) {
    return item -> {
      long token = Value.tokens(item)[0];
      if (!stage.nests(token)) {
        return function.apply(item);
      }
      Object back =
          switch ((int) (token % 3)) {
            case 0 -> pool.submit(item, same -> same).join();
            case 1 -> pool.map(List.of(item), same -> same).getFirst();
            default -> {
              try (Stream<Outcome<Object>> all = pool.outcomes(List.of(item), same -> same)) {
                yield all.findFirst().orElseThrow().get();
              }
            }
          };
      return function.apply(back);
    };
  }

  private static Pipeline<Object> withStage(
      Pipeline<Object> pipeline,
      StagePlan stage,
      StageModel<PoolOptions> model,
      TaskFunction<Object, Object> function) {
    UnaryOperator<PoolOptions> options = o -> o.withPolicy(policy(o.policy(), stage.limits()));
    return stage.isFlat()
        ? pipeline.flatStage(stage.name(), model, flat(function), options)
        : pipeline.stage(stage.name(), model, function, options);
  }

  @SuppressWarnings("unchecked") // the task of a flat stage gives streams
  private static TaskFunction<Object, Stream<Object>> flat(TaskFunction<Object, Object> function) {
    return (TaskFunction<Object, Stream<Object>>) (TaskFunction<?, ?>) function;
  }

  /** Returns a policy with these limits. */
  static TaskPolicy policy(TaskPolicy policy, Limits limits) {
    TaskPolicy retrying =
        policy.withRetries(limits.retries()).withBackOff(Duration.ofMillis(limits.backOffMillis()));
    return limits.timeoutMillis() == 0
        ? retrying
        : retrying.withTimeout(Duration.ofMillis(limits.timeoutMillis()));
  }

  private PipelineOptions options(PipelineOptions options) {
    Plan.Options planned = plan.options();
    PipelineOptions changed = options.withStallListener(_ -> {});
    if (planned.queue() > 0) {
      changed = changed.withQueue(planned.queue());
    }
    if (planned.total() > 0) {
      changed = changed.withTotal(planned.total());
    }
    if (planned.stopsOnFailure()) {
      changed = changed.withStopOnFailure();
    }
    return planned.hasProgress() ? changed.withProgress(PROGRESS_EVERY, this::look) : changed;
  }

  private void look(PipelineSummary summary) {
    try {
      Oracle.checkShares(summary);
    } catch (Oracle.Fault e) {
      wrongProgress.compareAndSet(null, e.toString());
    }
  }

  // ---- the consumer

  /** Returns what the stream has thrown. */
  private @Nullable Throwable consume(PipelineRun<Object> opened) {
    var over = new CountDownLatch(1);
    synchronized (this) {
      consumer = Thread.currentThread();
    }
    Thread other = Thread.ofPlatform().daemon().name("other").start(() -> actAsOther(opened, over));
    try (Stream<PipelineOutcome<Object>> stream =
        plan.options().isOrdered() ? opened.outcomes() : opened.completions()) {
      switch (plan.consumption().kind()) {
        case ITERATOR -> stream.iterator().forEachRemaining(this::take);
        case PARALLEL -> stream.parallel().forEach(this::take);
        case LIMIT -> stream.limit(plan.consumption().when()).forEach(this::take);
        default -> stream.forEach(this::take);
      }
      return null;
    } catch (RuntimeException e) {
      return e;
    } finally {
      synchronized (this) {
        consumer = null; // from here on nobody interrupts
      }
      over.countDown();
      joined(other);
    }
  }

  /** Waits for the thread that stops the run; keeps an interrupt, which the oracle looks at. */
  private static void joined(Thread other) {
    boolean interrupted = Thread.interrupted();
    try {
      other.join();
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted by nobody", e);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void take(PipelineOutcome<Object> outcome) {
    outcomes.add(outcome);
    int taken = count.incrementAndGet();
    int when = plan.consumption().when();
    switch (plan.consumption().kind()) {
      case SLOW -> {
        if (taken % when == 0 && taken / when <= MOST_PAUSES) {
          pause();
        }
      }
      case CANCELLED_BY_CONSUMER -> stopAt(taken == when, PipelineRun::cancel);
      case CLOSED_BY_CONSUMER -> stopAt(taken == when, PipelineRun::close);
      case SHUT_DOWN_BY_CONSUMER -> {
        if (taken == when) {
          stoppedPool().shutdown();
        }
      }
      default -> {}
    }
  }

  private static void pause() {
    try {
      Thread.sleep(SLOW_MILLIS);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted by nobody", e);
    }
  }

  private void sourceIsAsked(long index) {
    boolean isTime = index == plan.consumption().when();
    switch (plan.consumption().kind()) {
      case CANCELLED_BY_SOURCE -> stopAt(isTime, PipelineRun::cancel);
      case CLOSED_BY_SOURCE -> stopAt(isTime, PipelineRun::close);
      default -> {}
    }
  }

  /**
   * Returns the pool that its owner shuts down: that of the first or of the last stage with one.
   */
  private Pool stoppedPool() {
    List<StagePlan> shared =
        plan.stages().stream().filter(stage -> stage.where().model().isShared()).toList();
    boolean isFirst = plan.consumption().when() % 2 == 0;
    return pools.get((isFirst ? shared.getFirst() : shared.getLast()).where().model());
  }

  private interface Stop {
    void apply(PipelineRun<Object> run);
  }

  private void stopAt(boolean isTime, Stop stop) {
    PipelineRun<Object> now = run;
    if (isTime && now != null) {
      stop.apply(now);
    }
  }

  private void actAsOther(PipelineRun<Object> opened, CountDownLatch over) {
    Kind kind = plan.consumption().kind();
    if (!kind.isByOther()) {
      return;
    }
    try {
      if (over.await(plan.consumption().when(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted by nobody", e);
    }
    switch (kind) {
      case CANCELLED_BY_OTHER -> opened.cancel();
      case CLOSED_BY_OTHER -> opened.close();
      case SHUT_DOWN_BY_OTHER -> stoppedPool().shutdown();
      case SHUT_DOWN_NOW_BY_OTHER -> {
        var _ = stoppedPool().shutdownNow();
      }
      default -> {
        synchronized (this) {
          if (consumer != null) {
            consumer.interrupt();
          }
        }
      }
    }
  }
}
