package io.github.fornada.async;

import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Runs actions after a pause, on threads of its own. While these are busy, one more is ready to
 * take over, because an action may be blocked, and others must not wait. An action that the heap
 * had no room for is run again, so it must be one that can be.
 */
final class TimedActions {
  /** The pause after which another thread is asked for, where the system gave none. */
  private static final Duration NO_THREAD_PAUSE = Duration.ofMillis(100); // Guess

  private final Executor executor;

  /** The number of threads that run an action. */
  private final AtomicInteger busy = new AtomicInteger();

  TimedActions(ThreadFactory threads) {
    executor = new Executor(threads);
    executor.setRemoveOnCancelPolicy(true);
    executor.setKeepAliveTime(10, TimeUnit.SECONDS);
    executor.allowCoreThreadTimeOut(true);
  }

  /**
   * Runs {@code action} once after {@code pause}. Where the system gives no thread, it waits for
   * one of those that there are, or for one that can be had later.
   *
   * @throws OutOfMemoryError if the heap has no room for it
   */
  Future<?> after(Duration pause, Runnable action) {
    var timed = new Timed(action);
    try {
      return executor.schedule(timed, Ticker.nanosOf(pause), TimeUnit.NANOSECONDS);
    } catch (OutOfMemoryError e) {
      Future<?> queued = timed.queued;
      if (queued == null || !isQueued(queued, e)) {
        throw e;
      }
      beginLater(e);
      return queued;
    }
  }

  /** The executor queues an action before it asks for a thread; to queue it needs only the heap. */
  @SuppressWarnings("UndefinedEquals") // an action is equal to itself only
  private boolean isQueued(Future<?> action, OutOfMemoryError lack) {
    return !HeapShortage.isOfHeap(lack) || executor.getQueue().contains(action);
  }

  private void beginLater(OutOfMemoryError e) {
    if (executor.getPoolSize() > 0) {
      return; // the thread that there is takes it
    }
    try {
      OwnThreads.noThread(e);
      var _ = Timer.tryAfter(NO_THREAD_PAUSE, this::begin);
    } catch (OutOfMemoryError noRoom) {
      // The next action asks for a thread again.
    }
  }

  private void begin() {
    try {
      var _ = executor.prestartCoreThread();
    } catch (OutOfMemoryError e) {
      beginLater(e);
    }
  }

  private void keepOneFree(int taken) {
    if (taken < executor.getCorePoolSize()) {
      return;
    }
    try {
      synchronized (executor) {
        executor.setCorePoolSize(Math.max(taken + 1, executor.getCorePoolSize()));
      }
    } catch (OutOfMemoryError e) {
      // There is no thread for that: the next action asks for one again.
    }
  }

  /** An action, and what it is in the queue. */
  private final class Timed implements Callable<@Nullable Void> {
    private final Runnable action;

    /** Written before it is queued, by who schedules it. */
    @Nullable Future<?> queued;

    Timed(Runnable action) {
      this.action = action;
    }

    @Override
    public @Nullable Void call() {
      try {
        keepOneFree(busy.incrementAndGet());
        run();
      } catch (RuntimeException | Error e) {
        Log.get().log(System.Logger.Level.ERROR, "a timed action of a scope failed", e);
      } finally {
        busy.decrementAndGet();
      }
      return null;
    }

    private void run() {
      while (true) {
        try {
          action.run();
          return;
        } catch (OutOfMemoryError e) {
          HeapShortage.await(e);
        }
      }
    }
  }

  private static final class Executor extends ScheduledThreadPoolExecutor {
    Executor(ThreadFactory threads) {
      super(1, threads);
    }

    @Override
    protected <V> RunnableScheduledFuture<V> decorateTask(
        Callable<V> action, RunnableScheduledFuture<V> task) {
      if (action instanceof Timed timed) {
        timed.queued = task;
      }
      return task;
    }
  }
}
