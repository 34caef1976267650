package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.WorkerLostException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The future of one submitted item. Cancelling it stops the task itself. */
final class TaskFuture<T extends @Nullable Object, R extends @Nullable Object>
    extends CompletableFuture<R> implements RunnableFuture<R> {
  /** How often a task that waits for a retry of its own pool looks for it. */
  private static final long HELP_NANOS = 10_000_000; // Guess

  private final AbstractPool pool;
  private final Single single;

  TaskFuture(
      AbstractPool pool, TaskFunction<? super T, ? extends R> function, @Nullable Object item) {
    this.pool = pool;
    this.single = new Single(pool);
    var batch =
        new Batch<T, R>(
            single, function, new @Nullable Object[] {item}, 0, 1, 0, pool.nextTasks(1), 1);
    batch.queuedNow();
    single.batch = batch;
  }

  /** The current try; null once the task has its outcome. */
  @Nullable Batch<T, R> batch() {
    return single.batch;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (cancelled) {
      single.stopped = true;
      Batch<T, R> batch = single.batch;
      if (batch != null && mayInterruptIfRunning) {
        batch.cancel("its future was cancelled");
      } else if (batch != null) {
        batch.cancelWaiting(0, "its future was cancelled");
      }
    }
    return cancelled;
  }

  /** Runs the task in the calling thread, if no worker has begun it. */
  @Override
  public void run() {
    Batch<T, R> batch = single.batch;
    if (batch != null && batch.claim() == 0) {
      R value;
      try {
        value = batch.function().apply(batch.item(0));
      } catch (Throwable e) {
        batch.end(0, new Outcome.Failed<>(e), null);
        return;
      }
      batch.done(0, value, null);
    }
  }

  @Override
  public R get() throws InterruptedException, ExecutionException {
    if (!isDone()) {
      pool.beforeWaiting(this);
    }
    while (!isDone() && mustHelp()) {
      try {
        return super.get(HELP_NANOS, TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        // Another look: the task may have come to its retry.
      }
    }
    return super.get();
  }

  @Override
  public R join() {
    if (!isDone()) {
      pool.beforeWaiting(this);
    }
    while (!isDone() && mustHelp()) {
      try {
        super.get(HELP_NANOS, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      } catch (TimeoutException | ExecutionException | CancellationException e) {
        // Another look, or the end, which the join below reports.
      }
    }
    return super.join();
  }

  /**
   * A task that waits for another of its own pool does that one itself if no worker has, lest all
   * workers wait and none works. True if it has to look again: a retry may come to wait.
   */
  boolean mustHelp() {
    if (!pool.canRunHere()) {
      return false;
    }
    Batch<T, R> batch = single.batch;
    if (batch != null && batch.hasWaiting() && !single.pausing) {
      pool.runHere(batch);
    }
    return pool.policy().retries() > 0;
  }

  /** A future is a class already, so its sink is a part of it. */
  final class Single extends Sink<T, R> {
    /**
     * Replaced by each retry, and by null at the end, so that who keeps the future does not keep
     * the task; written by the thread that ended the try before.
     */
    private volatile @Nullable Batch<T, R> batch;

    /** Whether a retry is in the pause before it. Written by its timer and as batch is. */
    private volatile boolean pausing;

    private volatile boolean stopped;

    Single(AbstractPool pool) {
      super(pool);
    }

    @Override
    void done(Batch<T, R> ended, int i, R value) {
      batch = null;
      complete(value);
    }

    @Override
    void ended(Batch<T, R> ended, int i, Outcome<R> outcome) {
      batch = null;
      // Before the switch, which generates a class when a program first meets it.
      if (outcome instanceof Outcome.WorkerLost<R> lost) {
        completeExceptionally(new WorkerLostException(lost.message(), lost.certificate()));
        return;
      }
      switch (outcome) {
        case Outcome.Failed<R>(var cause) -> completeExceptionally(asThrown(cause));
        case Outcome.Cancelled<R> c -> {
          if (!isDone()) {
            TaskFuture.super.cancel(false);
          }
        }
        default -> completeExceptionally(MapRun.failureOf(ended.label(0), outcome));
      }
    }

    /**
     * To a {@link CompletableFuture} these two say something of itself: that it was cancelled, or
     * where a cause came from. A task that throws one has failed with it like with any other.
     */
    private Throwable asThrown(Throwable cause) {
      return cause instanceof CancellationException || cause instanceof CompletionException
          ? new CompletionException(cause)
          : cause;
    }

    TaskFuture<T, R> future() {
      return TaskFuture.this;
    }

    @Override
    void closed(Batch<T, R> batch) {}

    @Override
    void stop(String reason) {
      var _ = cancel(true);
    }

    @Override
    boolean isStopped() {
      return stopped;
    }

    @Override
    void retry(Batch<T, R> before, int i) {
      Batch<T, R> next = before.again(i);
      pausing = true;
      batch = next;
      pool.retryLater(next);
      if (stopped) {
        next.cancel("its future was cancelled");
      }
    }

    @Override
    void resumed() {
      pausing = false;
    }

    @Override
    String label(long index, @Nullable Object item) {
      return "the task of " + text(item);
    }
  }
}
