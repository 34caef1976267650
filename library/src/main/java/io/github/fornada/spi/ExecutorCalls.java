package io.github.fornada.spi;

import io.github.fornada.TaskFunction;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The methods of {@link java.util.concurrent.ExecutorService} for several tasks, and the functions
 * for single ones.
 */
final class ExecutorCalls {
  private ExecutorCalls() {}

  /** Returns the function that calls its item. */
  static <V extends @Nullable Object> TaskFunction<Callable<V>, V> callable() {
    return Callable::call;
  }

  /** Returns the function that runs its item. */
  static TaskFunction<Runnable, @Nullable Void> runnable() {
    return item -> {
      item.run();
      return null;
    };
  }

  /**
   * Returns the function that runs its item, for a call whose result does not come from the task.
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // its return value is not used
  static <V extends @Nullable Object> TaskFunction<Runnable, V> runnableWithoutResult() {
    return (TaskFunction<Runnable, V>) (TaskFunction<Runnable, ?>) runnable();
  }

  /** The timeout that stands for no limit. */
  static final long FOREVER = Long.MAX_VALUE;

  /**
   * Returns the timeout in nanoseconds, at least 0; {@link #FOREVER} if it does not fit in a long.
   */
  static long nanos(long timeout, TimeUnit unit) {
    return Math.max(0, unit.toNanos(timeout));
  }

  static <V extends @Nullable Object> List<Future<V>> invokeAll(
      AbstractPool pool, Collection<? extends Callable<V>> tasks, long nanos)
      throws InterruptedException {
    tasks.forEach(task -> Objects.requireNonNull(task, "task"));
    long began = System.nanoTime();
    var futures = new ArrayList<Future<V>>(tasks.size());
    boolean complete = false;
    try {
      for (Callable<V> task : tasks) {
        futures.add(pool.submit(task));
      }
      for (Future<V> future : futures) {
        try {
          if (nanos == FOREVER) {
            future.get();
          } else {
            future.get(nanos - (System.nanoTime() - began), TimeUnit.NANOSECONDS);
          }
        } catch (ExecutionException | CancellationException e) {
          // The caller gets this from the future; here it only matters that it has ended.
        } catch (TimeoutException e) {
          return futures; // the rest is cancelled below, as ExecutorService specifies
        }
      }
      complete = true;
      return futures;
    } finally {
      if (!complete) {
        futures.forEach(future -> future.cancel(true));
      }
    }
  }

  static <V extends @Nullable Object> V invokeAny(
      AbstractPool pool, Collection<? extends Callable<V>> tasks, long nanos)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (tasks.isEmpty()) {
      throw new IllegalArgumentException("invokeAny needs at least one task, got none");
    }
    tasks.forEach(task -> Objects.requireNonNull(task, "task"));
    long began = System.nanoTime();
    var ended = new LinkedBlockingQueue<TaskFuture<?, V>>();
    var futures = new CopyOnWriteArrayList<TaskFuture<?, V>>();
    var won = new AtomicBoolean();
    try {
      for (Callable<V> task : tasks) {
        futures.add(
            pool.enqueue(
                task,
                future -> {
                  ended.add(future);
                  // Not by the caller alone: it may be running one of them itself.
                  if (future.state() == Future.State.SUCCESS && won.compareAndSet(false, true)) {
                    futures.forEach(other -> other.cancel(true));
                  }
                }));
        if (won.get()) { // perhaps before this one was in the list
          futures.getLast().cancel(true);
          break;
        }
      }
      ExecutionException last = null;
      for (TaskFuture<?, V> future : futures) {
        var _ = future.mustHelp();
        TaskFuture<?, V> next =
            nanos == FOREVER
                ? ended.take()
                : ended.poll(nanos - (System.nanoTime() - began), TimeUnit.NANOSECONDS);
        if (next == null) {
          throw new TimeoutException("no task was done within " + nanos + " ns");
        }
        try {
          return next.get();
        } catch (ExecutionException e) {
          last = e;
        } catch (CancellationException e) {
          last = new ExecutionException(e);
        }
      }
      throw Objects.requireNonNull(last);
    } finally {
      futures.forEach(future -> future.cancel(true));
    }
  }
}
