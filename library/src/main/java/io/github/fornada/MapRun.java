package io.github.fornada;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A map over a collection: results go straight to their place in one array, and nobody is woken
 * before the last of them, or the first failure.
 */
final class MapRun<T extends @Nullable Object, R extends @Nullable Object> extends Run<T, R> {
  private final @Nullable Object[] items;

  /**
   * Each element is written once, plainly, by the thread that ends its item; `left` going down in
   * {@link #closed} after it, and the latch after that, publish it to the caller.
   */
  private final @Nullable Object[] results;

  private final AtomicLong left;
  private final CountDownLatch finished = new CountDownLatch(1);

  /** Place of the next item to take. Guarded by lock. */
  private int next;

  /** The first failure. Written once, under lock, before the latch opens. */
  private @Nullable Throwable failure;

  MapRun(
      AbstractPool pool,
      TaskFunction<? super T, ? extends R> function,
      Collection<? extends T> source) {
    super(pool, function);
    this.items = source.toArray();
    this.results = new @Nullable Object[items.length];
    this.left = new AtomicLong(items.length);
  }

  @SuppressWarnings("unchecked")
  List<R> await() throws InterruptedException {
    if (items.length > 0) {
      pool.submitAll(this);
      try {
        finished.await();
      } catch (InterruptedException e) {
        stop("the caller was interrupted");
        throw e;
      }
    }
    Throwable thrown = failure;
    if (thrown instanceof TaskException e) {
      throw e;
    }
    if (thrown instanceof RejectedExecutionException e) {
      throw e;
    }
    return (List<R>) Collections.unmodifiableList(Arrays.asList(results));
  }

  @Override
  @Nullable Batch<T, R> takeLocked(int most) {
    int n = Math.min(most, items.length - next);
    if (n == 0) {
      return null;
    }
    var batch = new Batch<T, R>(this, function, items, next, n, next, pool.nextTasks(n), 1);
    next += n;
    return batch;
  }

  @Override
  boolean hasMore() {
    return next < items.length;
  }

  @Override
  boolean isEager() {
    return true;
  }

  @Override
  void refuse() {
    throw new AssertionError("an eager run is never refused");
  }

  @Override
  void done(Batch<T, R> batch, int i, R value) {
    results[(int) batch.index(i)] = value;
  }

  @Override
  void ended(Batch<T, R> batch, int i, Outcome<R> outcome) {
    fail(failureOf(batch.label(i), outcome));
  }

  @Override
  void closed(Batch<T, R> batch) {
    super.closed(batch);
    if (left.addAndGet(-batch.size()) == 0) {
      finished.countDown();
    }
  }

  @Override
  void retry(Batch<T, R> batch, int i) {
    // Counted down twice: with the batch it leaves, and with the batch it moves to.
    left.incrementAndGet();
    super.retry(batch, i);
  }

  @Override
  void onStop(String reason) {
    if (failure == null) {
      failure = new RejectedExecutionException("map was cut off: " + reason);
    }
    finished.countDown();
  }

  private void fail(TaskException e) {
    lock.lock();
    try {
      if (failure == null) {
        failure = e;
      }
    } finally {
      lock.unlock();
    }
    stop("another item of the same call failed first");
  }

  static TaskException failureOf(String label, Outcome<?> outcome) {
    return switch (outcome) {
      case Outcome.Failed<?>(var cause) -> new TaskException(label + " failed: " + cause, cause);
      case Outcome.TimedOut<?>(var limit, var stack) ->
          new TaskTimeoutException(label, limit, stack);
      case Outcome.WorkerLost<?>(var message, var certificate) ->
          new WorkerLostException(message, certificate);
      case Outcome.Cancelled<?>(var reason) ->
          new TaskException(label + " was cancelled: " + reason, null);
      case Outcome.Done<?> done -> throw new AssertionError(done);
    };
  }
}
