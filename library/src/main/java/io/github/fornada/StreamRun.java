package io.github.fornada;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Iterator;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A call whose outcomes are consumed while it runs, with at most a window of items between what was
 * taken from the source and what was consumed.
 *
 * <p>Everything but the final fields is guarded by the run's lock unless it says otherwise.
 *
 * @param <E> what the consumer sees: outcomes in order, or completions as they come
 */
final class StreamRun<T extends @Nullable Object, R extends @Nullable Object, E> extends Run<T, R> {
  /** Makes what the consumer sees. */
  interface Shape<T extends @Nullable Object, R extends @Nullable Object, E> {
    E of(long index, T item, Outcome<R> outcome);
  }

  private final Shape<T, R, E> shape;
  private final boolean ordered;
  private final boolean failFast;
  private final int window;
  private final @Nullable Iterable<? extends T> source;
  private final Condition changed = lock.newCondition();

  /** Ordered: what is due, each at its index modulo the window. Grows to the window as needed. */
  private @Nullable Object[] slots = new @Nullable Object[16];

  /** Unordered: what is due. */
  private final ArrayDeque<E> ready = new ArrayDeque<>();

  /** Drained from the above for the consumer; used by the consuming thread only. */
  private final ArrayDeque<E> drained = new ArrayDeque<>();

  /** Items of a source read by a feeder, or pushed by a gatherer, and not yet taken. */
  private final ArrayDeque<T> pushed = new ArrayDeque<>();

  private @Nullable Iterator<? extends T> direct;
  private @Nullable Thread feeder;

  /** Items taken from the source, pushed ones included. */
  private long taken;

  /** Items put in batches. */
  private long batched;

  /** Items the consumer is finished with. */
  private long consumed;

  /** Ordered: items drained for the consumer. */
  private long head;

  /** Items that have ended. */
  private long endedCount;

  private boolean started;
  private boolean exhausted;
  private boolean refused;
  private boolean starved;
  private boolean consumerWaits;
  private @Nullable Throwable sourceFailure;
  private @Nullable TaskException firstFailure;
  private @Nullable String stopReason;

  StreamRun(
      AbstractPool pool,
      TaskFunction<? super T, ? extends R> function,
      @Nullable Iterable<? extends T> source,
      boolean ordered,
      boolean failFast,
      Shape<T, R, E> shape) {
    super(pool, function);
    this.source = source;
    this.ordered = ordered;
    this.failFast = failFast;
    this.shape = shape;
    this.window = pool.policy().window();
  }

  // ---- the source's side

  /** Starts taking from the source; the first call of the consumer does. */
  private void start() {
    lock.lock();
    try {
      if (started) {
        return;
      }
      started = true;
    } finally {
      lock.unlock();
    }
    pool.register(this);
    if (source == null) {
      return;
    }
    if (source instanceof Collection<?>) {
      lock.lock();
      try {
        direct = source.iterator();
      } finally {
        lock.unlock();
      }
      pool.offer(this);
    } else {
      // The source may wait, for a line of input say; outcomes that are due must not wait with it.
      var loader = Thread.currentThread().getContextClassLoader();
      feeder =
          Thread.ofVirtual()
              .name("fornada-feeder")
              .start(() -> {
                Thread.currentThread().setContextClassLoader(loader);
                feed(source);
              });
    }
  }

  private void feed(Iterable<? extends T> items) {
    Throwable thrown = null;
    try {
      for (Iterator<? extends T> it = items.iterator(); awaitRoom() && it.hasNext(); ) {
        T item = it.next();
        lock.lock();
        try {
          if (refused || isStopped()) {
            break; // the pool takes no more: this item was never submitted
          }
          taken++;
          pushed.add(item);
        } finally {
          lock.unlock();
        }
        pool.offer(this);
      }
    } catch (InterruptedException e) {
      return; // stopped
    } catch (Throwable e) {
      thrown = e;
    }
    finishSource(thrown);
  }

  private boolean awaitRoom() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (taken - consumed >= window && !isStopped() && !refused) {
        changed.await();
      }
      return !isStopped() && !refused;
    } finally {
      lock.unlock();
    }
  }

  private void finishSource(@Nullable Throwable thrown) {
    lock.lock();
    try {
      exhausted = true;
      sourceFailure = thrown;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** For a gatherer, which has made room before. */
  void push(T item) {
    start();
    lock.lock();
    try {
      if (refused) {
        throw new RejectedExecutionException(
            "the pool was shut down after " + batched + " items of this stream");
      }
      taken++;
      pushed.add(item);
    } finally {
      lock.unlock();
    }
    pool.offer(this);
  }

  void endOfPushes() {
    finishSource(null);
  }

  boolean isFull() {
    lock.lock();
    try {
      return taken - consumed >= window;
    } finally {
      lock.unlock();
    }
  }

  @Override
  @Nullable Batch<T, R> takeLocked(int most) {
    int n = direct == null ? pushed.size() : (int) (window - (taken - consumed));
    n = Math.min(n, most);
    if (n <= 0 || (refused && direct != null)) {
      starved = true;
      return null;
    }
    var items = new @Nullable Object[n];
    int got = 0;
    Iterator<? extends T> it = direct;
    if (it == null) {
      for (; got < n; got++) {
        items[got] = pushed.poll();
      }
    } else if (!exhausted) {
      try {
        while (got < n && it.hasNext()) {
          items[got] = it.next();
          got++;
        }
        exhausted = !it.hasNext();
      } catch (RuntimeException | Error e) {
        sourceFailure = e;
        exhausted = true;
      }
      taken += got;
    }
    if (got == 0) {
      changed.signalAll(); // an empty source, or one that threw: the consumer is waiting to hear
      return null;
    }
    var batch = new Batch<T, R>(this, function, items, 0, got, batched, pool.nextTasks(got), 1);
    batched += got;
    return batch;
  }

  @Override
  boolean hasMore() {
    lock.lock();
    try {
      return !isStopped()
          && (direct == null
              ? !pushed.isEmpty() // these are taken from their source: a shutdown still runs them
              : !refused && !exhausted && taken - consumed < window);
    } finally {
      lock.unlock();
    }
  }

  @Override
  boolean isEager() {
    return false;
  }

  @Override
  void refuse() {
    lock.lock();
    try {
      if (!exhausted) {
        refused = true;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // ---- the workers' side

  @Override
  void done(Batch<T, R> batch, int i, R value) {
    put(batch, i, new Outcome.Done<>(value));
  }

  @Override
  void ended(Batch<T, R> batch, int i, Outcome<R> outcome) {
    if (failFast && !isStopped()) {
      lock.lock();
      try {
        if (firstFailure == null) {
          firstFailure = MapRun.failureOf(batch.label(i), outcome);
        }
      } finally {
        lock.unlock();
      }
      stop("another item of the same call failed first");
    }
    put(batch, i, outcome);
  }

  private void put(Batch<T, R> batch, int i, Outcome<R> outcome) {
    long index = batch.index(i);
    E element = shape.of(index, batch.item(i), outcome);
    lock.lock();
    try {
      endedCount++;
      if (ordered) {
        place(index, element);
      } else {
        ready.add(element);
      }
      if (consumerWaits && (!ordered || index == head)) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void place(long index, E element) {
    while (index - head >= slots.length) {
      var larger = new @Nullable Object[slots.length * 2];
      for (long k = head; k < head + slots.length; k++) {
        larger[(int) (k % larger.length)] = slots[(int) (k % slots.length)];
      }
      slots = larger;
    }
    slots[(int) (index % slots.length)] = element;
  }

  // ---- the consumer's side

  /** The next element; null at the end. Throws what ends the stream early. */
  @Nullable E next() {
    if (drained.isEmpty()) {
      start();
      fill();
    }
    return drained.poll();
  }

  /** The next element if it is there already. */
  @Nullable E nextIfReady() {
    if (drained.isEmpty()) {
      lock.lock();
      try {
        throwFirstFailure();
        drain();
      } finally {
        lock.unlock();
      }
      reoffer();
    }
    return drained.poll();
  }

  private void fill() {
    lock.lock();
    try {
      while (true) {
        throwFirstFailure();
        drain();
        if (!drained.isEmpty()) {
          break;
        }
        if (isStopped()) {
          throw new CancellationException("the stream was stopped: " + stopReason);
        }
        if (endedCount == batched && (exhausted || refused) && pushed.isEmpty()) {
          throwEnd();
          return;
        }
        if (hasRoomToOffer()) {
          break; // everything drained is consumed by now: let the workers have the room
        }
        waitForChange();
      }
    } finally {
      lock.unlock();
    }
    reoffer();
    if (drained.isEmpty()) {
      fill();
    }
  }

  private void waitForChange() {
    consumerWaits = true;
    try {
      changed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop("the consumer was interrupted");
      throw new CancellationException(
          "interrupted while waiting for the outcome of item " + head + "; the rest was cancelled");
    } finally {
      consumerWaits = false;
    }
  }

  /** Moves what is due to the consumer, but no more than a quarter of the window. Under lock. */
  @SuppressWarnings("unchecked")
  private void drain() {
    consumed = ordered ? head : endedCount - ready.size();
    int most = Math.max(1, window / 4);
    if (ordered) {
      while (drained.size() < most) {
        int at = (int) (head % slots.length);
        Object element = slots[at];
        if (element == null) {
          break;
        }
        slots[at] = null;
        drained.add((E) element);
        head++;
      }
    } else {
      while (drained.size() < most && !ready.isEmpty()) {
        drained.add(ready.remove());
      }
    }
    if (feeder != null) {
      changed.signalAll(); // it may be waiting for room
    }
  }

  /** Tells the pool that there is room again, once there is enough of it to be worth a batch. */
  private void reoffer() {
    boolean offer;
    lock.lock();
    try {
      offer = hasRoomToOffer();
      if (offer) {
        starved = false;
      }
    } finally {
      lock.unlock();
    }
    if (offer) {
      pool.offer(this);
    }
  }

  /** A quarter of the window at a time: each offer wakes a worker. Under lock. */
  private boolean hasRoomToOffer() {
    return starved
        && direct != null
        && !exhausted
        && !refused
        && taken - consumed <= window - Math.max(1, window / 4);
  }

  private void throwFirstFailure() {
    if (firstFailure != null) {
      throw firstFailure;
    }
  }

  private void throwEnd() {
    switch (sourceFailure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(sourceFailure);
    }
    if (refused) {
      throw new RejectedExecutionException(
          "the pool was shut down after " + batched + " items of this stream");
    }
  }

  @Override
  void onStop(String reason) {
    stopReason = reason;
    pushed.clear();
    changed.signalAll();
    if (feeder != null) {
      feeder.interrupt();
    }
  }

  @Override
  void closed(Batch<T, R> batch) {
    super.closed(batch);
    pool.settle(this);
  }

  /** Whether items were taken from the source that no worker has taken yet. */
  boolean hasPushed() {
    lock.lock();
    try {
      return !pushed.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing more will happen here. */
  boolean isOver() {
    lock.lock();
    try {
      return (isStopped() || exhausted || refused) && pushed.isEmpty() && endedCount == batched;
    } finally {
      lock.unlock();
    }
  }

  /** This run as the spliterator of its stream. */
  final class Elements implements Spliterator<E> {
    @Override
    public boolean tryAdvance(Consumer<? super E> action) {
      E element = next();
      if (element == null) {
        return false;
      }
      action.accept(element);
      return true;
    }

    @Override
    public @Nullable Spliterator<E> trySplit() {
      return null;
    }

    @Override
    public long estimateSize() {
      return source instanceof Collection<?> c ? c.size() : Long.MAX_VALUE;
    }

    @Override
    public int characteristics() {
      // Not SIZED, though the size may be known: Stream.count would then skip the work.
      return NONNULL | (ordered ? ORDERED : 0);
    }
  }
}
