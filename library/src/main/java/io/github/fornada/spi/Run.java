package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.HeapShortage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One call over many items. The pool takes batches from it when a worker is free.
 *
 * <p>Lock order: the pool's queue, then a run. No user code is called under either lock.
 */
abstract class Run<T extends @Nullable Object, R extends @Nullable Object> extends Sink<T, R> {
  /**
   * The intended duration of a batch of tiny items: far above the cost of a batch, and too short
   * for people to notice.
   */
  private static final long BATCH_NANOS = 50_000; // Guess

  private static final int LARGEST_BATCH = 256; // Guess

  final TaskFunction<? super T, ? extends R> function;
  final ReentrantLock lock = new ReentrantLock();

  /** Batches taken and not closed. Guarded by lock. */
  private final Set<Batch<T, R>> outstanding = new HashSet<>();

  /** What was taken and is in no batch yet. Guarded by lock. */
  private final Taken unbatched = new Taken();

  /** The number of items that were taken, also of those in no batch yet. Guarded by lock. */
  private long handedOut;

  /** Set once, under lock; read by any thread. */
  private volatile boolean stopped;

  /** Whether this run is in the pool's queue, or is about to be added. Guarded by lock. */
  private boolean queued;

  /**
   * The number of items of the next batch, from the mean time of earlier items; a process pool asks
   * for a number of its own instead. Written by workers; the last write wins.
   */
  private volatile int batchSize = 1;

  Run(AbstractPool pool, TaskFunction<? super T, ? extends R> function) {
    this(pool, function, Thread.currentThread().getContextClassLoader());
  }

  Run(
      AbstractPool pool,
      TaskFunction<? super T, ? extends R> function,
      @Nullable ClassLoader contextLoader) {
    super(pool, contextLoader);
    this.function = function;
  }

  /**
   * Returns true if the caller must now add this run to the queue; false if it is there already.
   */
  final boolean enters() {
    lock.lock();
    try {
      boolean enters = !queued;
      queued = true;
      return enters;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes at most {@code most} items; null if there is nothing to take now, the queue must then
   * drop this run, which {@linkplain #enters enters} again when it has items. Called by the queue.
   */
  final @Nullable Batch<T, R> take(int most) {
    lock.lock();
    try {
      if (!stopped && unbatched.isEmpty()) {
        takeItems(most, unbatched);
        if (!unbatched.isEmpty()) {
          unbatched.numbered(handedOut, pool.nextTasks(unbatched.count()));
          handedOut += unbatched.count();
        }
      }
      if (unbatched.isEmpty()) {
        queued = false;
        return null;
      }
      return batchOfTaken();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Puts at most {@code most} items into {@code into}; none if there is none to take now. Where
   * there is no memory, it throws before an item has left its source. Under lock.
   */
  abstract void takeItems(int most, Taken into);

  /** Makes the batch of the items that were taken, and notes it. Under lock. */
  private Batch<T, R> batchOfTaken() {
    Batch<T, R> batch = unbatched.batch(this);
    outstanding.add(batch);
    unbatched.clear(); // now that there was memory for all
    return batch;
  }

  /** Returns the number of items that were taken, which is the index of the next. Under lock. */
  final long handedOut() {
    return handedOut;
  }

  /** Returns how many items a thread should take at once, from the time that earlier items took. */
  final int batchSize() {
    return batchSize;
  }

  /** Whether all that was taken has ended: no worker has any of it, and no retry of it waits. */
  final boolean isIdle() {
    lock.lock();
    try {
      return outstanding.isEmpty() && unbatched.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** The batches that workers have, or that wait to be tried again. */
  final List<Batch<T, R>> inWork() {
    lock.lock();
    try {
      return new ArrayList<>(outstanding);
    } finally {
      lock.unlock();
    }
  }

  @Override
  final boolean isTimed() {
    return true;
  }

  @Override
  void ran(int count, long nanos) {
    long perItem = Math.max(1, nanos / count);
    long wanted = Math.clamp(BATCH_NANOS / perItem, 1, LARGEST_BATCH);
    int now = batchSize;
    int next = (int) Math.min(wanted, now * 2L);
    if (next != now) {
      batchSize = next;
    }
  }

  /** That an item fails soon says nothing of the time that others take. */
  @Override
  final void hasFailed() {
    batchSize = 1;
  }

  /** Returns whether items wait to be taken now; a hint for waking more workers. */
  final boolean hasMore() {
    lock.lock();
    try {
      return !stopped && (!unbatched.isEmpty() || hasItems());
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether {@link #takeItems} would probably find items. Under lock. */
  abstract boolean hasItems();

  @Override
  final void stop(String reason) {
    List<Batch<T, R>> toCancel;
    while (true) {
      OutOfMemoryError lack;
      lock.lock();
      try {
        if (stopped) {
          return;
        }
        if (!unbatched.isEmpty()) {
          var _ = batchOfTaken(); // so that they have their outcomes too
        }
        toCancel = new ArrayList<>(outstanding);
        onStop(reason);
        stopped = true;
        break;
      } catch (OutOfMemoryError e) {
        lack = e;
      } finally {
        lock.unlock();
      }
      HeapShortage.await(lack);
    }
    hasStopped();
    for (Batch<T, R> batch : toCancel) {
      cancel(batch, reason);
    }
    pool.checkQuiet(); // items that no worker had taken were dropped
  }

  /** Cancels all that a batch has left, as soon as the heap has room for the outcomes. */
  private static void cancel(Batch<?, ?> batch, String reason) {
    while (true) {
      try {
        batch.cancel(reason);
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  /**
   * Returns whether an item was stopped with its pool, which tells its calls one after the other:
   * this one is about to be told, and no item of it has failed. Stops it then.
   */
  final boolean endsWithItsPool(Outcome<R> outcome) {
    if (!(outcome instanceof Outcome.Cancelled) || !pool.isStoppedAtOnce()) {
      return false;
    }
    stop(AbstractPool.STOPPED_AT_ONCE);
    return true;
  }

  /** Under lock; again where there was no memory for it. */
  abstract void onStop(String reason);

  /** Called once it was stopped, without the lock. */
  void hasStopped() {}

  @Override
  final boolean isStopped() {
    return stopped;
  }

  @Override
  void retry(Batch<T, R> batch, int i) {
    Batch<T, R> next = batch.again(i);
    for (OutOfMemoryError lack = note(next); lack != null; lack = note(next)) {
      HeapShortage.await(lack);
    }
    pool.retryLater(next);
    if (stopped) {
      // A stop that came in between did not see the new batch: it was not outstanding yet.
      cancel(next, "its call was stopped");
    }
  }

  /** Notes a batch as one that workers have; returns what the heap had no room for. */
  private @Nullable OutOfMemoryError note(Batch<T, R> batch) {
    lock.lock();
    try {
      outstanding.add(batch);
      return null;
    } catch (OutOfMemoryError e) {
      return e;
    } finally {
      lock.unlock();
    }
  }

  @Override
  void closed(Batch<T, R> batch) {
    lock.lock();
    try {
      outstanding.remove(batch);
    } finally {
      lock.unlock();
    }
  }
}
