package io.github.fornada;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One call over many items. The pool takes batches from it when a worker is free.
 *
 * <p>Lock order: the pool's queue, then a run. No user code is called under either lock but a
 * collection's own iterator.
 */
abstract class Run<T extends @Nullable Object, R extends @Nullable Object> extends Sink<T, R> {
  final TaskFunction<? super T, ? extends R> function;
  final ReentrantLock lock = new ReentrantLock();

  /** Batches taken and not closed. Guarded by lock. */
  private final Set<Batch<T, R>> outstanding = new HashSet<>();

  /** Set once, under lock; read by any thread. */
  private volatile boolean stopped;

  /** Whether the pool's queue holds this run. Guarded by the queue's lock. */
  boolean queued;

  Run(AbstractPool pool, TaskFunction<? super T, ? extends R> function) {
    super(pool);
    this.function = function;
  }

  /** Takes at most so many items; null if there is nothing to take now. Called by the queue. */
  final @Nullable Batch<T, R> take(int most) {
    lock.lock();
    try {
      if (stopped) {
        return null;
      }
      Batch<T, R> batch = takeLocked(most);
      if (batch != null) {
        outstanding.add(batch);
      }
      return batch;
    } finally {
      lock.unlock();
    }
  }

  abstract @Nullable Batch<T, R> takeLocked(int most);

  /** Whether items wait to be taken right now; a hint for waking more workers. */
  abstract boolean hasMore();

  /** Whether all items count as submitted, so that an orderly shutdown must still run them. */
  abstract boolean isEager();

  /** The pool takes no more from this run: it was shut down. Eager runs never see this. */
  abstract void refuse();

  @Override
  final void stop(String reason) {
    List<Batch<T, R>> toCancel;
    lock.lock();
    try {
      if (stopped) {
        return;
      }
      stopped = true;
      toCancel = new ArrayList<>(outstanding);
      onStop(reason);
    } finally {
      lock.unlock();
    }
    for (Batch<T, R> batch : toCancel) {
      batch.cancel(reason);
    }
  }

  /** Under lock, once. */
  abstract void onStop(String reason);

  @Override
  final boolean isStopped() {
    return stopped;
  }

  @Override
  void retry(Batch<T, R> batch, int i) {
    Batch<T, R> next = batch.again(i);
    lock.lock();
    try {
      outstanding.add(next);
    } finally {
      lock.unlock();
    }
    pool.retryLater(next);
    if (stopped) {
      // A stop that came between took no notice of the new batch: it was not outstanding yet.
      next.cancel("its call was stopped");
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
