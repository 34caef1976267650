package io.github.fornada.threads;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.PoolOptions;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * A pool of virtual threads: for many tasks that wait, on sockets, files, locks or clocks.
 *
 * <p><b>Bounded by default.</b> At most {@value #DEFAULT_WORKERS} tasks are in progress at once. A
 * virtual thread is cheap, but what it waits for is not: each may hold a connection, a file
 * descriptor or a row lock, and unbounded virtual threads are known to exhaust such resources
 * (Quarkus issue 55011 is one report). Raise the bound with {@code withWorkers} if the other side
 * allows it.
 *
 * <p>The processor time and allocation of a task are unknown: the JVM does not measure them for
 * virtual threads. A task over its timeout is interrupted; {@link ThreadPool} describes what
 * happens to a task that ignores the interrupt. A task that computes keeps a processor from the
 * others, because the scheduler does not preempt virtual threads. Use a {@link ThreadPool} for
 * tasks that compute for long. Where tasks that compute for ever and ignore interrupts hold every
 * processor, no virtual thread of the JVM runs any more, and {@link #close} waits for one that
 * does; {@link #awaitTermination} with a limit does not.
 */
public final class VirtualThreadPool extends LocalPool {
  /** The maximum number of tasks in progress at once by default. */
  public static final int DEFAULT_WORKERS = 1000;

  /** With other threads, for tests. */
  VirtualThreadPool(PoolOptions options, ThreadMaker threads, Duration noThreadLimit) {
    super(ExecutionModel.VIRTUAL_THREADS, options, threads, noThreadLimit);
  }

  private VirtualThreadPool(PoolOptions options) {
    this(options, VirtualThreadPool::newThread, NO_THREAD_LIMIT);
  }

  static Thread newThread(Runnable body, String name) {
    return Thread.ofVirtual()
        .name(name)
        .inheritInheritableThreadLocals(false) // as OwnThreads has it
        .unstarted(body);
  }

  /** Opens a pool of at most {@value #DEFAULT_WORKERS} virtual threads. */
  public static Pool open() {
    return open(o -> o);
  }

  /**
   * Opens a pool with options changed by {@code change}.
   *
   * @throws IllegalArgumentException if an option is out of its bounds; the message names it
   */
  public static Pool open(UnaryOperator<PoolOptions> change) {
    return new VirtualThreadPool(change.apply(PoolOptions.of(DEFAULT_WORKERS, "virtual")));
  }

  @Override
  boolean keepsIdleThreads() {
    return false; // a new one is cheaper than waking an old one
  }
}
