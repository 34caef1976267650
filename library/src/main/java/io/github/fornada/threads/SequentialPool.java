package io.github.fornada.threads;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.PoolOptions;
import io.github.fornada.jvm.OwnThreads;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * A pool that runs one task after the other, in the order in which they were submitted: the plain
 * way, to start with and to compare the other pools with.
 *
 * <p>The tasks run on a thread of the pool, not on the caller's thread, so timeouts, cancelling and
 * an orderly shutdown work as in every other pool.
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
   * Opens a sequential pool with options changed by {@code change}.
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

  @Override
  protected boolean limitWorkers(int count) {
    return false; // there is one
  }
}
