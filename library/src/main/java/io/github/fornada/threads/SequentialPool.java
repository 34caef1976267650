package io.github.fornada.threads;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.PoolOptions;
import io.github.fornada.jvm.OwnThreads;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * Runs one task after the other, in the order they were handed over: the plain way, to start with
 * and to measure the others against.
 *
 * <p>The tasks run on one thread of the pool's own, not on the caller's, so that a timeout, a
 * cancel and an orderly shutdown work here as in every other pool.
 */
public final class SequentialPool extends LocalPool {
  /** With other threads, for tests. */
  SequentialPool(PoolOptions options, ThreadMaker threads, Duration noThreadLimit) {
    super(ExecutionModel.SEQUENTIAL, options, threads, noThreadLimit);
  }

  private SequentialPool(PoolOptions options) {
    this(options, (body, name) -> OwnThreads.daemon(name).unstarted(body), NO_THREAD_LIMIT);
  }

  /** Opens a sequential pool. */
  public static Pool open() {
    return open(o -> o);
  }

  /**
   * Opens a sequential pool with changed options.
   *
   * @throws IllegalArgumentException if an option is out of its bounds, or workers is not 1
   */
  public static Pool open(UnaryOperator<PoolOptions> change) {
    PoolOptions options = change.apply(PoolOptions.of(1, "sequential"));
    if (options.workers() != 1) {
      throw new IllegalArgumentException(
          "workers of a sequential pool must be 1, got " + options.workers());
    }
    return new SequentialPool(options);
  }

  @Override
  boolean keepsOrder() {
    return true;
  }

  @Override
  boolean keepsIdleThreads() {
    return true;
  }
}
