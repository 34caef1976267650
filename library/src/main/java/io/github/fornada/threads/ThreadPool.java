package io.github.fornada.threads;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.PoolOptions;
import io.github.fornada.jvm.OwnThreads;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * A pool of platform threads of this JVM: for tasks that compute, and for a few that wait.
 *
 * <p>By default there is one thread for each processor. Threads are daemon threads. They are
 * started on demand, and end after half a minute without work.
 *
 * <p><b>Limits.</b> A task over its timeout is interrupted. A thread cannot be stopped by force: if
 * the task still runs after the grace period, its item is nevertheless reported as timed out, its
 * thread is left behind, and a new thread replaces it. If that happens often, use worker processes.
 *
 * {@snippet :
 * try (var pool = ThreadPool.open(o -> o.withWorkers(4))) {
 *   List<Integer> counts = pool.map(texts, Words::count);
 * }
 * }
 */
public final class ThreadPool extends LocalPool {
  /** With other threads, for tests. */
  ThreadPool(PoolOptions options, ThreadMaker threads, Duration noThreadLimit) {
    super(ExecutionModel.PLATFORM_THREADS, options, threads, noThreadLimit);
  }

  private ThreadPool(PoolOptions options) {
    this(options, (body, name) -> OwnThreads.daemon(name).unstarted(body), NO_THREAD_LIMIT);
  }

  /** Opens a pool with one thread for each processor. */
  public static Pool open() {
    return open(o -> o);
  }

  /**
   * Opens a pool with options changed by {@code change}.
   *
   * @throws IllegalArgumentException if an option is out of its bounds; the message names it
   */
  public static Pool open(UnaryOperator<PoolOptions> change) {
    int processors = Runtime.getRuntime().availableProcessors();
    return new ThreadPool(change.apply(PoolOptions.of(processors, "threads")));
  }

  @Override
  boolean keepsIdleThreads() {
    return true;
  }
}
