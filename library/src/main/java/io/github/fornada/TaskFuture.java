package io.github.fornada;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RunnableFuture;
import org.jspecify.annotations.Nullable;

/** The future of one submitted item. Cancelling it stops the task itself. */
final class TaskFuture<T extends @Nullable Object, R extends @Nullable Object>
    extends CompletableFuture<R> implements RunnableFuture<R> {
  private final AbstractPool pool;
  private final Single single;

  TaskFuture(AbstractPool pool, TaskFunction<? super T, ? extends R> function, T item) {
    this.pool = pool;
    this.single = new Single(pool);
    single.batch =
        new Batch<>(single, function, new @Nullable Object[] {item}, 0, 1, 0, pool.nextTasks(1), 1);
  }

  Batch<T, R> batch() {
    return single.batch;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (cancelled) {
      single.stopped = true;
      if (mayInterruptIfRunning) {
        single.batch.cancel("its future was cancelled");
      } else {
        single.batch.cancelWaiting(0, "its future was cancelled");
      }
    }
    return cancelled;
  }

  /** Runs the task in the calling thread, if no worker has begun it. */
  @Override
  public void run() {
    Batch<T, R> batch = single.batch;
    if (batch.claim() == 0) {
      try {
        batch.done(0, batch.function().apply(batch.item(0)), null);
      } catch (Throwable e) {
        batch.end(0, new Outcome.Failed<>(e), null);
      }
    }
  }

  /** A future is a class already, so its sink is a part of it. */
  final class Single extends Sink<T, R> {
    /** Replaced by each retry; written by the thread that ended the try before. */
    @SuppressWarnings("NullAway.Init") // set by the future's constructor, before it is shared
    private volatile Batch<T, R> batch;

    private volatile boolean stopped;

    Single(AbstractPool pool) {
      super(pool);
    }

    @Override
    void done(Batch<T, R> batch, int i, R value) {
      complete(value);
    }

    @Override
    void ended(Batch<T, R> batch, int i, Outcome<R> outcome) {
      switch (outcome) {
        case Outcome.Failed<R>(var cause) -> completeExceptionally(cause);
        case Outcome.Cancelled<R> c -> {
          if (!isDone()) {
            TaskFuture.super.cancel(false);
          }
        }
        default -> completeExceptionally(MapRun.failureOf(batch.label(0), outcome));
      }
    }

    TaskFuture<T, R> future() {
      return TaskFuture.this;
    }

    @Override
    void closed(Batch<T, R> batch) {}

    @Override
    void stop(String reason) {
      boolean unused = cancel(true);
    }

    @Override
    boolean isStopped() {
      return stopped;
    }

    @Override
    void retry(Batch<T, R> before, int i) {
      batch = before.again(i);
      pool.retryLater(batch);
      if (stopped) {
        batch.cancel("its future was cancelled");
      }
    }

    @Override
    String label(long index, @Nullable Object item) {
      return "the task of " + text(item);
    }
  }
}
