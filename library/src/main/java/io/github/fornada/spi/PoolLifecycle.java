package io.github.fornada.spi;

import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Log;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The life cycle of a pool, from open to terminated: what it refuses, stops and waits for in each
 * state.
 */
final class PoolLifecycle {
  // RUNNING -> SHUTDOWN -> TERMINATED; RUNNING or SHUTDOWN -> STOPPED -> TERMINATED. Written under
  // lock, read by any thread.
  private enum State {
    RUNNING,
    SHUTDOWN,
    STOPPED,
    TERMINATED
  }

  private final AbstractPool pool;
  private final WorkQueue queue;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile State state = State.RUNNING;
  private final CountDownLatch terminated = new CountDownLatch(1);
  private final AtomicBoolean quietSeen = new AtomicBoolean();

  /** How often the keeper looks whether it is still wanted while callbacks run. */
  private static final Duration LOOK = Duration.ofMillis(100); // Guess

  /** Whether it was shut down at once. Never false again. */
  private volatile boolean stoppedAtOnce;

  /**
   * The thread that keeps the JVM up until accepted items, and the dependents of their futures, are
   * done; null for none. Written under lock.
   */
  private volatile @Nullable Thread keeper;

  /** Whether every stream was told of the shutdown. Set by each thread that shuts down. */
  private volatile boolean streamsRefused;

  /**
   * Calls that have begun and take items as they go. Held weakly: one that was abandoned half-way
   * needs no shutdown.
   */
  private final Set<OpenCall> streams =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  PoolLifecycle(AbstractPool pool, WorkQueue queue) {
    this.pool = pool;
    this.queue = queue;
  }

  boolean isShutdown() {
    return state != State.RUNNING;
  }

  /** Returns whether it was shut down at once. */
  boolean isStopped() {
    return state == State.STOPPED;
  }

  /** Returns whether it was shut down at once, also when it has terminated since. */
  boolean isStoppedAtOnce() {
    return stoppedAtOnce;
  }

  boolean isTerminated() {
    return state == State.TERMINATED;
  }

  // ---- streams

  /** A lazy stream has begun. */
  void register(OpenCall run) {
    streams.add(run);
    if (isShutdown()) {
      run.refuse();
    }
  }

  /** A lazy stream may be over. */
  void settle(OpenCall run) {
    if (run.isOver()) {
      streams.remove(run);
    }
  }

  private List<OpenCall> openStreams() {
    synchronized (streams) {
      return new ArrayList<>(streams);
    }
  }

  /** Returns how many items of streams no worker has taken; -1 if that is unknown. */
  long itemsOfStreams() {
    long sum = 0;
    for (OpenCall run : openStreams()) {
      long left = run.left();
      if (left < 0) {
        return -1;
      }
      sum += left;
    }
    return sum;
  }

  /**
   * Returns whether some stream brings no more items for now, because its results are not taken.
   */
  boolean isHeldUp() {
    for (OpenCall run : openStreams()) {
      if (run.isHeldUp()) {
        return true;
      }
    }
    return false;
  }

  // ---- the end

  /**
   * Accepts nothing more; accepted items are still run.
   *
   * @param keepsJvm whether the JVM stays up for that. Threads of pools are daemons, so that a pool
   *     that is never shut down does not keep a program from ending. A shutdown, however, says that
   *     the results are wanted, and the JDK's own pools finish such work after the end of main.
   */
  void shutdown(boolean keepsJvm) {
    lock.lock();
    try {
      if (state == State.RUNNING) {
        state = State.SHUTDOWN;
      }
    } finally {
      lock.unlock();
    }
    while (!hasRefused()) {
      HeapShortage.await();
    }
    checkQuiet();
    if (keepsJvm) {
      keepJvm();
    }
  }

  /** Refuses all that is new; false if there was no memory for that: it is to be done again. */
  private boolean hasRefused() {
    try {
      refuse();
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  private void keepJvm() {
    lock.lock();
    try {
      boolean isDone = state != State.SHUTDOWN || quietSeen.get();
      if (stoppedAtOnce || keeper != null || (isDone && !pool.callbacks().areOpen())) {
        return; // nothing is left to do, or a keeper runs already
      }
      // Inherits no thread-locals from the calling thread, because it may live long.
      Thread thread = new Thread(null, this::keep, "fornada-keeper", 0, false);
      thread.setDaemon(false);
      thread.setContextClassLoader(null);
      thread.start();
      keeper = thread;
    } catch (OutOfMemoryError e) {
      Log.get()
          .log(
              System.Logger.Level.WARNING,
              "no thread could be started to keep this JVM up: what the pool that was shut down"
                  + " still has to do is lost when no other thread but daemons runs",
              e);
    } finally {
      lock.unlock();
    }
  }

  private void keep() {
    while (!isStopped() && terminated.getCount() > 0) {
      LockSupport.park(this);
      // other code interrupted it: with the flag set every further park would return at once
      var _ = Thread.interrupted();
    }
    // The JDK's pools run dependents on their own threads, which are no daemons.
    while (!stoppedAtOnce && pool.callbacks().areOpen()) {
      pool.callbacks().awaitNone(LOOK);
      var _ = Thread.interrupted();
    }
  }

  List<Runnable> shutdownNow() {
    lock.lock();
    try {
      if (state != State.TERMINATED) {
        state = State.STOPPED;
      }
    } finally {
      lock.unlock();
    }
    stoppedAtOnce = true;
    LockSupport.unpark(keeper); // accepted items are no longer wanted
    refuse();
    String reason = AbstractPool.STOPPED_AT_ONCE;
    WorkQueue.Drained drained = queue.drain();
    var never = new ArrayList<Runnable>(drained.waiting().size());
    for (Object entry : drained.waiting()) {
      switch (entry) {
        case Run<?, ?> run -> run.stop(reason);
        case Batch<?, ?> batch -> {
          if (batch.hasWaiting() && batch.attempt() == 1) {
            neverBegun(batch, never);
          }
          batch.stopCall(reason);
        }
        default -> throw new AssertionError(entry);
      }
    }
    for (Batch<?, ?> batch : drained.begun()) {
      batch.stopCall(reason);
    }
    for (OpenCall run : openStreams()) {
      run.stopAtOnce(reason);
    }
    pool.cancelAll(reason);
    checkQuiet();
    return never;
  }

  private static void neverBegun(Batch<?, ?> batch, List<Runnable> never) {
    if (batch.item(0) instanceof Runnable task) {
      never.add(task);
    } else if (batch.sink() instanceof TaskFuture<?, ?>.Single single) {
      never.add(single.future());
    }
  }

  /** Makes the queue and all streams refuse new items. */
  private void refuse() {
    queue.close();
    openStreams().forEach(OpenCall::refuse);
    streamsRefused = true;
  }

  /**
   * Ends the pool if it was shut down and nothing is left to do.
   *
   * <p>Streams that were told of the shutdown push nothing more, and what they pushed before is in
   * the queue. So checking the streams first and then the queue cannot miss anything.
   */
  void checkQuiet() {
    if (streamsRefused && isQuiet() && quietSeen.compareAndSet(false, true)) {
      pool.onQuiet();
    }
  }

  /** Returns whether nothing is left to do, as soon as there is memory to find that out. */
  private boolean isQuiet() {
    while (true) {
      try {
        return openStreams().stream().noneMatch(OpenCall::hasPending) && queue.isQuiet();
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  /**
   * Called when every worker is gone.
   *
   * @param last run before the threads that wait for the end go on
   */
  void terminated(Runnable last) {
    lock.lock();
    try {
      state = State.TERMINATED;
    } finally {
      lock.unlock();
    }
    last.run();
    terminated.countDown();
    LockSupport.unpark(keeper);
  }

  boolean await(long timeout, TimeUnit unit) throws InterruptedException {
    return terminated.await(timeout, unit);
  }

  /**
   * Waits for the end. An interrupt cancels the running tasks, does not end the wait, and is set
   * again afterwards.
   */
  void awaitEnd() {
    boolean interrupted = false;
    while (true) {
      try {
        terminated.await();
        break;
      } catch (InterruptedException e) {
        if (!interrupted) {
          pool.shutdownNow();
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
