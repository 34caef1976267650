package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A map over a collection: results go directly to their position in the list, and the caller is
 * woken only by the last result or the first failure.
 */
final class MapRun<T extends @Nullable Object, R extends @Nullable Object> extends Run<T, R> {
  private final @Nullable Object[][] items;
  private final int size;

  /**
   * Each element is written once, by a plain write of the thread that ends its item. The decrement
   * of `left` in {@link #closed} after it, and the latch after that, publish it to the caller.
   */
  private final ResultList<R> results;

  private final AtomicLong left;
  private final CountDownLatch finished = new CountDownLatch(1);

  /** The calling thread if it is one of the pool's own. Written by that thread, read by any. */
  private volatile @Nullable Thread helper;

  /** When the items were handed over; unknown unless a Flight Recorder recording needs it. */
  private final long queued = FlightEvents.nowIfWanted();

  /** Why it ends although items have no outcome: there was no memory for one. */
  private volatile @Nullable OutOfMemoryError lack;

  /** The first failure. Guarded by lock. */
  private @Nullable ItemFailure failure;

  /** Why the call was stopped, if that was not because of a failure. Guarded by lock. */
  private @Nullable String cutOff;

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
    OutOfMemoryError noRoom = lack;
    if (noRoom != null) {
      stop("the heap was full");
      throw noRoom;
    }
    ItemFailure failed;
    String reason;
    lock.lock();
    try {
      failed = failure;
      reason = cutOff;
    } finally {
      lock.unlock();
    }
    if (failed != null) {
      throw failed.exception();
    }
    if (reason != null) {
      throw new RejectedExecutionException("map was cut off: " + reason);
    }
    return results;
  }

  /**
   * Runs the items that no other worker has taken. Without this, if tasks map over their own pool,
   * all workers might wait and none work.
   */
  private void help() throws InterruptedException {
    helper = Thread.currentThread();
    while (finished.getCount() > 0) {
      Batch<?, ?> batch = pool.pollFor(this);
      if (batch != null) {
        pool.runHere(batch);
      } else if (finished.getCount() > 0) {
        // Checked again after the poll: waiting for the queue's lock may have consumed the park
        // permit that the end gave this thread.
        LockSupport.park(this); // until the end, or until a retry waits for a worker
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

  @Override
  public void outOfMemory(OutOfMemoryError e) {
    lack = e;
    results.drop();
    finish();
  }

  private void finish() {
    finished.countDown();
    LockSupport.unpark(helper);
  }

  @Override
  void takeItems(int most, Taken into) {
    int next = (int) handedOut();
    if (next < size) {
      @Nullable Object[] piece = items[ChunkedArray.piece(next)];
      int from = ChunkedArray.within(next);
      into.put(piece, from, Math.min(most, piece.length - from)); // not across a piece's end
      into.waitSince(queued);
    }
  }

  @Override
  boolean hasItems() {
    return handedOut() < size;
  }

  /** Returns how many items no worker has taken yet. */
  long left() {
    lock.lock();
    try {
      return isStopped() ? 0 : size - handedOut();
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
    if (!isStopped() && !endsWithItsPool(outcome)) {
      fail(ItemFailure.of(batch, i, outcome));
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
    // Such an item is counted down twice: with the batch it leaves and with the batch it moves to.
    left.incrementAndGet();
    super.retry(batch, i);
  }

  @Override
  void onStop(String reason) {
    if (failure == null && left.get() > 0) {
      cutOff = reason;
    }
    finish();
  }

  private void fail(ItemFailure first) {
    lock.lock();
    try {
      if (failure == null && cutOff == null) {
        failure = first;
      }
    } finally {
      lock.unlock();
    }
    stop("another item of the same call failed first");
  }
}
