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
 * virtual thread costs next to nothing, but what it waits for does: each holds a connection, a file
 * descriptor or a row lock, and unbounded virtual threads are known to exhaust the pools behind
 * them (Quarkus issue 55011 is one report). Raise it with {@code withWorkers} where the other side
 * allows.
 *
 * <p>Processor time and allocation of a task are not known here: the JVM does not tell them of
 * virtual threads. A task over its timeout is interrupted; see {@link ThreadPool} for one that will
 * not listen, and mind that here it keeps a processor from the others: virtual threads are not
 * interrupted by the scheduler. Work that computes for long belongs in a {@link ThreadPool}.
 */
public final class VirtualThreadPool extends LocalPool {
  /** Tasks in progress at once, unless asked otherwise. */
  public static final int DEFAULT_WORKERS = 1000;

  /** With other threads, for tests. */
  VirtualThreadPool(PoolOptions options, ThreadMaker threads, Duration noThreadLimit) {
    super(ExecutionModel.VIRTUAL_THREADS, options, threads, noThreadLimit);
  }

  private VirtualThreadPool(PoolOptions options) {
    this(options, VirtualThreadPool::newThread, NO_THREAD_LIMIT);
  }

  private static Thread newThread(Runnable body, String name) {
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
   * Opens a pool with changed options.
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
