package io.github.fornada.pipeline;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.PoolOptions;
import io.github.fornada.process.ProcessOptions;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.util.function.UnaryOperator;

/**
 * How a stage of a pipeline runs its items, and how many at once: what a pool of its own is opened
 * with. Immutable.
 *
 * @param <O> the options of such a pool
 */
public final class StageModel<O> {
  private interface Opener<O> {
    Pool open(String name, int size, int most, UnaryOperator<O> change);
  }

  private final ExecutionModel model;
  private final int size;
  private final Opener<O> opener;

  private StageModel(ExecutionModel model, int size, Opener<O> opener) {
    if (size < 1) {
      throw new IllegalArgumentException("size must be at least 1, got " + size);
    }
    this.model = model;
    this.size = size;
    this.opener = opener;
  }

  /** Returns a model with one thread that runs one item after the other, in their order. */
  public static StageModel<PoolOptions> sequential() {
    return new StageModel<>(
        ExecutionModel.SEQUENTIAL,
        1,
        (name, size, most, change) -> SequentialPool.open(o -> change.apply(o.withName(name))));
  }

  /**
   * Returns a model with {@code size} platform threads: for a stage that computes. {@code size}
   * must be at least 1.
   */
  public static StageModel<PoolOptions> threads(int size) {
    return new StageModel<>(
        ExecutionModel.PLATFORM_THREADS,
        size,
        (name, n, most, change) ->
            ThreadPool.open(o -> change.apply(o.withName(name).withWorkers(most))));
  }

  /**
   * Returns a model with at most {@code size} virtual threads at a time: for a stage that mostly
   * waits. {@code size} must be at least 1.
   */
  public static StageModel<PoolOptions> virtualThreads(int size) {
    return new StageModel<>(
        ExecutionModel.VIRTUAL_THREADS,
        size,
        (name, n, most, change) ->
            VirtualThreadPool.open(o -> change.apply(o.withName(name).withWorkers(n))));
  }

  /**
   * Returns a model with {@code size} worker JVMs: for a stage that crashes, hangs, or runs in a
   * library that allows only one thread at a time. {@code size} must be at least 1.
   */
  public static StageModel<ProcessOptions> processes(int size) {
    return new StageModel<>(
        ExecutionModel.PROCESSES,
        size,
        (name, n, most, change) ->
            ProcessPool.open(o -> {
              ProcessOptions changed = change.apply(o.withWorkers(most));
              return n < most && changed.life().minWorkers() < 0
                  ? changed.withMinWorkers(n) // the others come when they are wanted
                  : changed;
            }));
  }

  /** Returns how items run. */
  public ExecutionModel model() {
    return model;
  }

  /** Returns how many items run at once. */
  public int size() {
    return size;
  }

  /** Whether a pool of this model may have more workers or fewer while it runs. */
  boolean canChange() {
    return model == ExecutionModel.PLATFORM_THREADS || model == ExecutionModel.PROCESSES;
  }

  /** Opens a pool that may have {@code most} workers. */
  Pool open(String name, int most, UnaryOperator<O> change) {
    return opener.open(name, size, most, change);
  }

  @Override
  public String toString() {
    return model.label() + "(" + size + ")";
  }
}
