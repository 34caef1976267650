package io.github.fornada.spi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Where the items of a stream come from, and how many of them may be under way.
 *
 * <p>They come in one of three ways: a collection is read by the workers, under lock; any other
 * source by a feeder, a thread of its own; and a gatherer pushes them.
 *
 * <p>Everything but the final fields is guarded by the run's lock. Methods want it held unless they
 * say that they take it.
 */
final class StreamIntake<T extends @Nullable Object> {
  private final StreamRun<T, ?, ?> run;
  private final ReentrantLock lock;
  private final @Nullable Iterable<? extends T> source;
  private final int window;

  /** Enough room to be worth waking somebody for. */
  private final int quarter;

  private final Condition forFeeder;

  /** Items of a source read by a feeder, or pushed by a gatherer, and not yet taken. */
  private final PendingItems pushed = new PendingItems();

  private @Nullable Iterator<? extends T> direct;
  private @Nullable Thread feeder;

  /** Items taken from the source, pushed ones included. */
  private long taken;

  /** Items the consumer is finished with: it has asked for what comes after them. */
  private long consumed;

  /** The source has no more. */
  private boolean exhausted;

  /** The pool takes no more. */
  private boolean refused;

  /** Items were given up that had been taken from the source and were with no worker yet. */
  private boolean dropped;

  /** The workers have filled the window: they must be told when there is room again. */
  private boolean starved;

  private boolean feederWaits;
  private @Nullable Throwable failure;

  StreamIntake(
      StreamRun<T, ?, ?> run, @Nullable Iterable<? extends T> source, int window, int quarter) {
    this.run = run;
    this.lock = run.lock;
    this.source = source;
    this.window = window;
    this.quarter = quarter;
    this.forFeeder = lock.newCondition();
  }

  // ---- the source's side; these take the lock

  /** Starts taking from the source, where there is one. */
  void start() {
    if (source instanceof Collection<?>) {
      startDirect(source);
    } else if (source != null) {
      startFeeder(source);
    }
  }

  private void startDirect(Iterable<? extends T> items) {
    Iterator<? extends T> it;
    try {
      it = handOverBound(items).iterator();
    } catch (Throwable e) {
      finish(e);
      return;
    }
    lock.lock();
    try {
      direct = it;
    } finally {
      lock.unlock();
    }
    run.pool.offer(run);
  }

  /** What only the consumer's thread can read, such as a confined segment, is handed over by it. */
  @SuppressWarnings("unchecked") // the copies are of these items
  private Iterable<? extends T> handOverBound(Iterable<? extends T> items) {
    if (!(items instanceof List<? extends T> list)
        || list.isEmpty()
        || list.getClass().getClassLoader() != null // a user's own get may do anything
        || !run.pool.isBound(list.getFirst())) {
      return items;
    }
    var copies = new ArrayList<@Nullable Object>(list.size());
    for (T item : list) {
      copies.add(run.pool.isBound(item) ? run.pool.handOver(item, false) : item);
    }
    return (Iterable<? extends T>) (Iterable<?>) copies;
  }

  /** The source may wait, for a line of input say; outcomes that are due must not wait with it. */
  private void startFeeder(Iterable<? extends T> items) {
    var loader = Thread.currentThread().getContextClassLoader();
    Thread thread =
        Thread.ofVirtual()
            .name("fornada-feeder")
            .unstarted(() -> {
              Thread.currentThread().setContextClassLoader(loader);
              feed(items);
            });
    lock.lock();
    try {
      if (run.isStopped()) {
        return;
      }
      feeder = thread; // before a stop can come, which interrupts it
    } finally {
      lock.unlock();
    }
    thread.start();
  }

  private void feed(Iterable<? extends T> items) {
    Throwable thrown = null;
    try {
      Iterator<? extends T> it = items.iterator();
      for (long room = awaitRoom(); room > 0 && it.hasNext(); room--) {
        T item = it.next();
        if (!add(item)) {
          break; // the pool takes no more: this item was never submitted
        }
        if (room == 1) {
          room += awaitRoom(); // nobody else takes any of it meanwhile
        }
      }
    } catch (Throwable e) {
      thrown = e; // of no interest if it is the interrupt by a stop
    }
    finish(thrown);
  }

  /** How many items may be taken from the source now, at least 1; 0 if no more are wanted. */
  private long awaitRoom() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (taken - consumed >= window && !run.isStopped() && !refused) {
        feederWaits = true;
        forFeeder.await();
      }
      feederWaits = false;
      return run.isStopped() || refused ? 0 : window - (taken - consumed);
    } finally {
      lock.unlock();
    }
  }

  /** The source has no more, or has thrown. */
  void finish(@Nullable Throwable thrown) {
    lock.lock();
    try {
      if (!run.isStopped()) { // a source that was left half-way is not exhausted
        exhausted = true;
        failure = thrown;
      }
      run.sourceChanged();
    } finally {
      lock.unlock();
    }
  }

  /** Hands over an item; false if the pool takes no more. */
  boolean add(T item) {
    boolean enters;
    Object handed = run.pool.handOver(item, false);
    Object entry = PendingItems.entry(handed);
    lock.lock();
    try {
      if (refused || run.isStopped()) {
        HandedOver.release(handed);
        return false;
      }
      taken++;
      pushed.add(entry);
      enters = run.enters();
      run.pushedOne();
    } finally {
      lock.unlock();
    }
    run.pool.offer(run, enters);
    return true;
  }

  /** Whether the window is full. */
  boolean isFull() {
    lock.lock();
    try {
      return taken - consumed >= window;
    } finally {
      lock.unlock();
    }
  }

  // ---- the workers' side

  /** At most so many items, with the times of their coming if these are known. */
  PendingItems.Taken take(int most) {
    Iterator<? extends T> it = direct;
    return it == null
        ? pushed.take(Math.min(most, pushed.size()))
        : new PendingItems.Taken(takeDirect(it, most), null);
  }

  private @Nullable Object[] takeDirect(Iterator<? extends T> it, int most) {
    int n = refused || exhausted ? 0 : (int) Math.min(window - (taken - consumed), most);
    var items = new @Nullable Object[n];
    int got = 0;
    try {
      while (got < n && it.hasNext()) {
        items[got] = it.next();
        got++;
      }
      exhausted = exhausted || (n > 0 && !it.hasNext());
    } catch (Throwable e) {
      failure = e;
      exhausted = true;
    }
    taken += got;
    starved = taken - consumed >= window;
    if (got == 0) {
      run.sourceChanged(); // an empty source, or one that threw
    }
    return got == n ? items : Arrays.copyOf(items, got);
  }

  /** Whether items are taken from their source only when a worker takes them. */
  boolean isDirect() {
    return direct != null;
  }

  boolean hasMore() {
    return direct == null
        ? hasPushed() // these are taken from their source: a shutdown still runs them
        : !refused && !exhausted && taken - consumed < window;
  }

  /** Whether items were taken from the source that no worker has taken yet. */
  boolean hasPushed() {
    return !pushed.isEmpty();
  }

  // ---- the consumer's side

  /** The consumer is finished with so many items. */
  void consumed(long count) {
    consumed = count;
    if (feederWaits && taken - consumed <= window - quarter) {
      feederWaits = false;
      forFeeder.signal();
    }
  }

  /** Whether there is room again of which the workers do not know; they are to be told now. */
  boolean mustBeOffered() {
    boolean must = starved && taken - consumed <= window - quarter;
    starved &= !must;
    return must;
  }

  long taken() {
    return taken;
  }

  /** Whether the source has no more, or the pool takes no more. */
  boolean isClosed() {
    return exhausted || refused;
  }

  boolean isRefused() {
    return refused;
  }

  /** Whether items that were taken from the source were given up by a stop. */
  boolean hasDropped() {
    return dropped;
  }

  /** What the source has thrown. */
  @Nullable Throwable failure() {
    return failure;
  }

  // ---- the pool's side

  /** The pool takes no more: it was shut down. */
  void refuse() {
    if (!exhausted) {
      refused = true;
    }
    forFeeder.signalAll();
  }

  /** Nobody wants any more: what no worker has taken is given up. */
  void stop() {
    dropped = hasPushed();
    pushed.clear();
    forFeeder.signalAll();
    if (feeder != null) {
      feeder.interrupt();
    }
  }
}
