package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskException;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.WorkerLostException;
import io.github.fornada.jvm.BoundedText;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A map over a collection: results go straight to their place in the list, and nobody is woken
 * before the last of them, or the first failure.
 */
final class MapRun<T extends @Nullable Object, R extends @Nullable Object> extends Run<T, R> {
  private final @Nullable Object[][] items;
  private final int size;

  /**
   * Each element is written once, plainly, by the thread that ends its item; `left` going down in
   * {@link #closed} after it, and the latch after that, publish it to the caller.
   */
  private final ResultList<R> results;

  private final AtomicLong left;
  private final CountDownLatch finished = new CountDownLatch(1);

  /** The caller, where that is one of the pool's own threads. Written by itself, read by all. */
  private volatile @Nullable Thread helper;

  /** When the items were handed over; unknown unless a Flight Recorder wants it. */
  private final long queued = FlightEvents.wantTasks() ? System.nanoTime() : FlightEvents.NOT_KNOWN;

  /** Place of the next item to take. Guarded by lock. */
  private int next;

  /** The first failure. Guarded by lock. */
  private @Nullable RuntimeException failure;

  MapRun(
      AbstractPool pool,
      TaskFunction<? super T, ? extends R> function,
      Collection<? extends T> source) {
    super(pool, function);
    this.items = ChunkedArray.of(source);
    this.size = ChunkedArray.count(items);
    pool.handOverBound(items);
    this.results = new ResultList<>(size);
    this.left = new AtomicLong(size);
  }

  List<R> await() throws InterruptedException {
    if (size > 0) {
      pool.submitAll(this);
      try {
        if (pool.canRunHere()) {
          help();
        }
        finished.await();
      } catch (InterruptedException e) {
        stop("the caller was interrupted");
        throw e;
      }
    }
    RuntimeException thrown;
    lock.lock();
    try {
      thrown = failure;
    } finally {
      lock.unlock();
    }
    if (thrown != null) {
      throw thrown;
    }
    return results;
  }

  /**
   * A task that maps over its own pool does the items itself that no other worker has, lest all
   * workers wait and none works.
   */
  private void help() throws InterruptedException {
    helper = Thread.currentThread();
    while (finished.getCount() > 0) {
      Batch<?, ?> batch = pool.pollFor(this);
      if (batch != null) {
        pool.runHere(batch);
      } else if (finished.getCount() > 0) {
        // Looked at again, after the queue: to wait for its lock may have used up the permit that
        // came with the end.
        LockSupport.park(this); // until the end, or the return of a retry
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    }
  }

  @Override
  void resumed() {
    LockSupport.unpark(helper);
  }

  private void finish() {
    finished.countDown();
    LockSupport.unpark(helper);
  }

  @Override
  @Nullable Batch<T, R> takeLocked(int most) {
    if (next == size) {
      return null;
    }
    @Nullable Object[] piece = items[ChunkedArray.piece(next)];
    int from = ChunkedArray.within(next);
    int n = Math.min(most, piece.length - from); // a batch is within one piece
    var batch = new Batch<T, R>(this, function, piece, from, n, next, pool.nextTasks(n), 1);
    if (queued != FlightEvents.NOT_KNOWN) {
      batch.queuedAt(queued);
    }
    next += n;
    return batch;
  }

  @Override
  boolean hasMore() {
    lock.lock();
    try {
      return next < size && !isStopped();
    } finally {
      lock.unlock();
    }
  }

  @Override
  void done(Batch<T, R> batch, int i, R value) {
    results.put((int) batch.index(i), value);
  }

  @Override
  void done(Batch<T, R> batch, int first, @Nullable Object[] values, int from, int count) {
    results.put((int) batch.index(first), values, from, count);
  }

  @Override
  void ended(Batch<T, R> batch, int i, Outcome<R> outcome) {
    if (!isStopped()) {
      fail(failureOf(batch.label(i), outcome));
    }
  }

  @Override
  void closed(Batch<T, R> batch) {
    super.closed(batch);
    if (left.addAndGet(-batch.size()) == 0) {
      finish();
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
    if (failure == null && left.get() > 0) {
      failure = new RejectedExecutionException("map was cut off: " + reason);
    }
    finish();
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
    // First what somebody may wait for by the millisecond. A switch over types generates a class
    // when it is first met, while a first failure waits.
    if (outcome instanceof Outcome.WorkerLost<?> lost) {
      return new WorkerLostException(lost.message(), lost.certificate());
    }
    return switch (outcome) {
      case Outcome.Failed<?>(var cause) ->
          new TaskException(label + " failed: " + BoundedText.of(cause), cause);
      case Outcome.TimedOut<?>(var limit, var stack) ->
          new TaskTimeoutException(label, limit, stack);
      case Outcome.Cancelled<?>(var reason) ->
          new TaskException(label + " was cancelled: " + reason, null);
      case Outcome.WorkerLost<?> lost -> throw new AssertionError(lost); // above
      case Outcome.Done<?> done -> throw new AssertionError(done);
    };
  }
}
