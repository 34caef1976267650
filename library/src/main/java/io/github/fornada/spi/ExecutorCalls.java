package io.github.fornada.spi;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** What {@link java.util.concurrent.ExecutorService} asks for beside single tasks. */
final class ExecutorCalls {
  private ExecutorCalls() {}

  /** The function that calls its item. */
  static <V extends @Nullable Object> TaskFunction<Callable<V>, V> callable() {
    return Callable::call;
  }

  /** The function that runs its item. */
  static TaskFunction<Runnable, @Nullable Void> runnable() {
    return item -> {
      item.run();
      return null;
    };
  }

  static <V extends @Nullable Object> List<Future<V>> invokeAll(
      Pool pool, Collection<? extends Callable<V>> tasks, long nanos) throws InterruptedException {
    tasks.forEach(task -> Objects.requireNonNull(task, "task"));
    long deadline = System.nanoTime() + nanos;
    var futures = new ArrayList<Future<V>>(tasks.size());
    boolean complete = false;
    try {
      for (Callable<V> task : tasks) {
        futures.add(pool.submit(task));
      }
      for (Future<V> future : futures) {
        try {
          if (nanos == Long.MAX_VALUE) {
            future.get();
          } else {
            future.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
          }
        } catch (ExecutionException | CancellationException e) {
          // The future tells its caller; here only its end counts.
        } catch (TimeoutException e) {
          return futures; // the rest is cancelled below, as the contract says
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
      Pool pool, Collection<? extends Callable<V>> tasks, long nanos)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (tasks.isEmpty()) {
      throw new IllegalArgumentException("invokeAny needs at least one task, got none");
    }
    tasks.forEach(task -> Objects.requireNonNull(task, "task"));
    long deadline = System.nanoTime() + nanos;
    var ended = new LinkedBlockingQueue<CompletableFuture<V>>();
    var futures = new ArrayList<CompletableFuture<V>>(tasks.size());
    try {
      for (Callable<V> task : tasks) {
        CompletableFuture<V> future = pool.submit(task);
        futures.add(future);
        var _ = future.whenComplete((value, thrown) -> ended.add(future));
      }
      ExecutionException last = null;
      for (int i = 0; i < futures.size(); i++) {
        if (futures.get(i) instanceof TaskFuture<?, ?> future) {
          var _ = future.mustHelp();
        }
        CompletableFuture<V> next =
            nanos == Long.MAX_VALUE
                ? ended.take()
                : ended.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
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

  /** A future that gives a fixed result once a task is done, and cancels that task. */
  static final class WithResult<V extends @Nullable Object> extends CompletableFuture<V> {
    private final CompletableFuture<?> task;

    WithResult(CompletableFuture<?> task, V result) {
      this.task = task;
      var _ =
          task.whenComplete((nothing, thrown) -> {
            if (thrown instanceof CancellationException) {
              super.cancel(false);
            } else if (thrown != null) {
              completeExceptionally(thrown);
            } else {
              complete(result);
            }
          });
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      return task.cancel(mayInterruptIfRunning) || super.cancel(mayInterruptIfRunning);
    }
  }
}
