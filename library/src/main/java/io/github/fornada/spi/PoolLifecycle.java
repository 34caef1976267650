package io.github.fornada.spi;

import io.github.fornada.jvm.Log;
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

/** A pool's way from open to terminated: what it refuses, stops, and waits for. */
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

  /** Keeps the JVM up until accepted items are done; null for none. Written under lock. */
  private volatile @Nullable Thread keeper;

  /** Whether every stream knows of the shutdown. Set by each thread that shuts down. */
  private volatile boolean streamsRefused;

  /** Streams that have begun. Weak: one that was forgotten half-way needs no shutdown. */
  private final Set<OpenCall> streams =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  PoolLifecycle(AbstractPool pool, WorkQueue queue) {
    this.pool = pool;
    this.queue = queue;
  }

  boolean isShutdown() {
    return state != State.RUNNING;
  }

  /** Whether it was shut down at once. */
  boolean isStopped() {
    return state == State.STOPPED;
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

  // ---- the end

  /**
   * Takes nothing more; what was accepted is done.
   *
   * @param keepsJvm whether the JVM is to stay up for that. Threads of pools are daemons, so that a
   *     pool that nobody shuts down keeps no program from its end; but a shutdown says that what
   *     was accepted is wanted, and the JDK's own pools finish it after the end of main.
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
    refuse();
    checkQuiet();
    if (keepsJvm) {
      keepJvm();
    }
  }

  private void keepJvm() {
    lock.lock();
    try {
      if (state != State.SHUTDOWN || quietSeen.get() || keeper != null) {
        return; // nothing to be done, or it is seen to
      }
      // Without what the calling thread would pass on: this one may stay for long.
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
      var _ = Thread.interrupted(); // somebody's mischief: every further park would return at once
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
    LockSupport.unpark(keeper); // nothing that was accepted is wanted any more
    refuse();
    String reason = "the pool was shut down at once";
    var never = new ArrayList<Runnable>();
    WorkQueue.Drained drained = queue.drain();
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

  /** Takes nothing more from anybody. */
  private void refuse() {
    queue.close();
    openStreams().forEach(OpenCall::refuse);
    streamsRefused = true;
  }

  /**
   * Ends the pool if it was shut down and has done all.
   *
   * <p>Streams that know of the shutdown push nothing more, and what they pushed before goes to the
   * queue, so streams first, then the queue, cannot miss anything.
   */
  void checkQuiet() {
    if (streamsRefused
        && openStreams().stream().noneMatch(OpenCall::hasPending)
        && queue.isQuiet()
        && quietSeen.compareAndSet(false, true)) {
      pool.onQuiet();
    }
  }

  /**
   * Every worker is gone.
   *
   * @param last what is still to be done before the threads that wait for the end may go on
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

  /** Waits for the end; an interrupt hurries it on, and is set again afterwards. */
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
