package io.github.fornada;

import java.io.Serial;
import java.util.ArrayDeque;
import java.util.Arrays;
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
 * <p>Items come in one of three ways: a collection is read by the workers, under lock; any other
 * source by a feeder, a thread of its own; and a gatherer pushes them.
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

  /** The consumer was interrupted while it waited. */
  static final class Interrupted extends CancellationException {
    @Serial private static final long serialVersionUID = 1L;

    Interrupted(long item) {
      super(
          "interrupted while waiting for the outcome of item " + item + "; the rest was cancelled");
    }
  }

  /** An item with the time when it was taken from its source. */
  private record Timed(@Nullable Object item, long nanos) {}

  /** Stands for the item null in a queue that takes none. */
  private static final Object NULL = new Object();

  private final Shape<T, R, E> shape;
  private final boolean ordered;
  private final boolean failFast;
  private final int window;

  /** Enough room to be worth a batch: each offer wakes a worker, each signal a thread. */
  private final int quarter;

  private final @Nullable Iterable<? extends T> source;
  private final Condition forConsumer = lock.newCondition();
  private final Condition forFeeder = lock.newCondition();

  /** Ordered: at the index of their items; else in the order of their coming. */
  private final DueElements<E> due = new DueElements<>();

  /** Drained from the above for the consumer; used by the consuming thread only. */
  private final ArrayDeque<E> drained = new ArrayDeque<>();

  /**
   * Items of a source read by a feeder, or pushed by a gatherer, and not yet taken; {@link Timed}
   * ones while a Flight Recorder wants to know of tasks.
   */
  private final ArrayDeque<Object> pushed = new ArrayDeque<>();

  /** Used by the consuming thread only. */
  private boolean started;

  private @Nullable Iterator<? extends T> direct;
  private @Nullable Thread feeder;

  /** Items taken from the source, pushed ones included. */
  private long taken;

  /** Items put in batches. */
  private long batched;

  /** Items that have ended. */
  private long endedCount;

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

  private boolean consumerWaits;

  /** The consumer is a worker of the same pool. */
  private boolean consumerHelps;

  private boolean feederWaits;

  /** A retry has come to wait for a worker since the consumer last looked, if it helps. */
  private boolean retryWaits;

  private @Nullable Throwable sourceFailure;
  private @Nullable TaskException firstFailure;
  private String stopReason = "";

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
    this.quarter = Math.max(1, window / 4);
  }

  // ---- the source's side

  /** Starts taking from the source; the first call of the consumer does. */
  private void start() {
    if (started) {
      return;
    }
    started = true;
    pool.register(this);
    if (source instanceof Collection<?>) {
      startDirect(source);
    } else if (source != null) {
      startFeeder(source);
    }
  }

  private void startDirect(Iterable<? extends T> items) {
    Iterator<? extends T> it;
    try {
      it = items.iterator();
    } catch (Throwable e) {
      finishSource(e);
      return;
    }
    lock.lock();
    try {
      direct = it;
    } finally {
      lock.unlock();
    }
    pool.offer(this);
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
      if (isStopped()) {
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
      while (awaitRoom() && it.hasNext()) {
        T item = it.next();
        if (!add(item)) {
          break; // the pool takes no more: this item was never submitted
        }
      }
    } catch (Throwable e) {
      thrown = e; // of no interest if it is the interrupt by a stop
    }
    finishSource(thrown);
  }

  private boolean awaitRoom() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (taken - consumed >= window && !isStopped() && !refused) {
        feederWaits = true;
        forFeeder.await();
      }
      feederWaits = false;
      return !isStopped() && !refused;
    } finally {
      lock.unlock();
    }
  }

  private void finishSource(@Nullable Throwable thrown) {
    lock.lock();
    try {
      if (!isStopped()) { // a source that was left half-way is not exhausted
        exhausted = true;
        sourceFailure = thrown;
      }
      forConsumer.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Hands over an item; false if the pool takes no more. */
  private boolean add(T item) {
    boolean enters;
    Object entry =
        FlightEvents.wantTasks() ? new Timed(item, System.nanoTime()) : item == null ? NULL : item;
    lock.lock();
    try {
      if (refused || isStopped()) {
        return false;
      }
      taken++;
      pushed.add(entry);
      enters = enters();
      if (consumerWaits && consumerHelps) {
        forConsumer.signalAll();
      }
    } finally {
      lock.unlock();
    }
    pool.offer(this, enters);
    return true;
  }

  /** For a gatherer; returns whether it must take an element before it pushes the next. */
  boolean push(T item) {
    start();
    if (!add(item)) {
      lock.lock();
      try {
        throwIfCutOff();
        throw refusal();
      } finally {
        lock.unlock();
      }
    }
    lock.lock();
    try {
      return taken - consumed >= window;
    } finally {
      lock.unlock();
    }
  }

  void endOfPushes() {
    start();
    finishSource(null);
  }

  @Override
  @Nullable Batch<T, R> takeLocked(int most) {
    Iterator<? extends T> it = direct;
    if (it == null) {
      return takePushed(Math.min(most, pushed.size()));
    }
    var items = takeDirect(it, most);
    if (items.length == 0) {
      return null;
    }
    Batch<T, R> batch = batchOf(items);
    batch.queuedNow();
    return batch;
  }

  private Batch<T, R> batchOf(@Nullable Object[] items) {
    int n = items.length;
    var batch = new Batch<T, R>(this, function, items, 0, n, batched, pool.nextTasks(n), 1);
    batched += n;
    return batch;
  }

  private @Nullable Batch<T, R> takePushed(int n) {
    if (n == 0) {
      return null;
    }
    var items = new @Nullable Object[n];
    long[] times = null;
    for (int i = 0; i < n; i++) {
      Object item = pushed.remove();
      if (item instanceof Timed(Object timed, long nanos)) {
        if (times == null) {
          times = new long[n];
          Arrays.fill(times, FlightEvents.NOT_KNOWN); // of those before: it began to record then
        }
        times[i] = nanos;
        items[i] = timed;
      } else {
        items[i] = item == NULL ? null : item;
      }
    }
    Batch<T, R> batch = batchOf(items);
    if (times != null) {
      batch.queuedAt(times);
    }
    return batch;
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
      sourceFailure = e;
      exhausted = true;
    }
    taken += got;
    starved = taken - consumed >= window;
    if (got == 0) {
      forConsumer.signalAll(); // an empty source, or one that threw
    }
    return got == n ? items : Arrays.copyOf(items, got);
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

  /** The pool takes no more from this run: it was shut down. */
  void refuse() {
    lock.lock();
    try {
      if (!exhausted) {
        refused = true;
      }
      forFeeder.signalAll();
      forConsumer.signalAll();
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
      TaskException failure = MapRun.failureOf(batch.label(i), outcome);
      lock.lock();
      try {
        if (firstFailure == null) {
          firstFailure = failure;
        }
      } finally {
        lock.unlock();
      }
      stop("another item of the same call failed first");
    }
    put(batch, i, outcome);
  }

  private void put(Batch<T, R> batch, int i, Outcome<R> outcome) {
    E element = shape.of(batch.index(i), batch.item(i), outcome);
    lock.lock();
    try {
      due.put(ordered ? batch.index(i) : endedCount, element);
      endedCount++;
      if (consumerWaits && due.isReady()) {
        consumerWaits = false;
        forConsumer.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  void resumed() {
    lock.lock();
    try {
      retryWaits = true;
      forConsumer.signalAll();
    } finally {
      lock.unlock();
    }
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
        throwIfCutOff();
        drain();
      } finally {
        lock.unlock();
      }
    }
    return drained.poll();
  }

  /** Returns with elements for the consumer, or without at the end. */
  private void fill() {
    boolean helps = pool.canRunHere();
    while (true) {
      boolean offer;
      lock.lock();
      try {
        consumerHelps = helps;
        throwIfCutOff();
        drain();
        if (drained.isEmpty() && isAtEnd()) {
          return;
        }
        offer = starved && taken - consumed <= window - quarter;
        if (offer) {
          starved = false;
        } else if (drained.isEmpty() && !(helps && (retryWaits || hasMore()))) {
          consumerWaits = true;
          forConsumer.await();
          continue;
        }
        retryWaits = false;
      } catch (InterruptedException e) {
        break;
      } finally {
        consumerWaits = false;
        lock.unlock();
      }
      if (offer) {
        pool.offer(this); // everything drained before is consumed by now
      }
      if (!drained.isEmpty()) {
        return;
      }
      if (helps) {
        help();
      }
    }
    Thread.currentThread().interrupt();
    stop("the consumer was interrupted"); // not under lock: it cancels batches
    throw new Interrupted(due.taken());
  }

  /**
   * A task that consumes a stream of its own pool does the items itself that no other worker has,
   * lest all workers wait and none works.
   */
  private void help() {
    Batch<?, ?> batch = pool.pollFor(this);
    if (batch != null) {
      pool.runHere(batch);
    }
  }

  /** Moves what is due to the consumer, but no more than a quarter of the window. Under lock. */
  private void drain() {
    consumed = due.taken();
    while (drained.size() < quarter) {
      E element = due.poll();
      if (element == null) {
        break;
      }
      drained.add(element);
    }
    if (feederWaits && taken - consumed <= window - quarter) {
      feederWaits = false;
      forFeeder.signal();
    }
  }

  /** Throws what ends the stream whatever else is due. Under lock. */
  private void throwIfCutOff() {
    if (firstFailure != null) {
      throw firstFailure;
    }
    if (failFast && isStopped()) {
      throw new RejectedExecutionException("the call was cut off: " + stopReason);
    }
  }

  /** Whether nothing more will come; throws if that is not as it should be. Under lock. */
  private boolean isAtEnd() {
    if (endedCount == batched && pushed.isEmpty() && !dropped && (exhausted || refused)) {
      if (sourceFailure != null) {
        throw StreamRun.<RuntimeException>unchecked(sourceFailure);
      }
      if (refused) {
        throw refusal();
      }
      return true;
    }
    if (isStopped()) {
      throw new CancellationException("the stream was stopped: " + stopReason);
    }
    return false;
  }

  /** A source may throw a checked exception unseen by the compiler; it goes on like that. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <X extends Throwable> X unchecked(Throwable e) throws X {
    throw (X) e;
  }

  private RejectedExecutionException refusal() {
    return new RejectedExecutionException(
        "the pool was shut down after " + taken + " items of this stream");
  }

  // ---- the pool's side

  @Override
  void onStop(String reason) {
    stopReason = reason;
    dropped = !pushed.isEmpty();
    pushed.clear();
    forConsumer.signalAll();
    forFeeder.signalAll();
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
