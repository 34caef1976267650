package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskPolicy;
import io.github.fornada.jvm.Callbacks;
import io.github.fornada.jvm.OwnThreads;
import java.io.Serial;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call whose outcomes are consumed while it runs. Its back-pressure is a window: at most that
 * many items are between what was taken from the source and what was consumed.
 *
 * <p>Items come in one of three ways. A collection that is {@linkplain SafeCollections safe} is
 * read by the workers, under the lock. Any other source is user code: it is read by a feeder, a
 * thread of its own, which holds no lock meanwhile and may be lost in it. A gatherer pushes items.
 *
 * <p>Everything but the final fields is guarded by the run's lock unless it says otherwise.
 *
 * @param <E> what the consumer sees: outcomes in order, or completions as they come
 */
final class StreamRun<T extends @Nullable Object, R extends @Nullable Object, E> extends Run<T, R>
    implements OpenCall {
  /** The least window for each worker of the pool where the policy has the default window. */
  private static final int WINDOW_PER_WORKER = 4; // Guess

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

  private final Shape<T, R, E> shape;
  private final boolean ordered;
  private final boolean failFast;
  private final int window;

  /** Enough room to be worth a batch: each offer wakes a worker, each signal a thread. */
  private final int quarter;

  private final @Nullable Iterable<? extends T> source;

  /** Whether workers read the source themselves. */
  private final boolean readDirectly;

  private final Condition forConsumer = lock.newCondition();
  private final Condition forFeeder = lock.newCondition();

  // ---- what comes in

  /** Items from a feeder or a gatherer that no worker has taken yet. */
  private final PendingItems pending = new PendingItems();

  /** The source, once the consumer has begun, where workers read it. */
  private @Nullable Iterator<? extends T> direct;

  private @Nullable Thread feeder;

  /** Items taken from the source, pending ones included. */
  private long taken;

  /** Items the consumer is finished with: it has asked for what comes after them. */
  private long consumed;

  /** The source has no more. */
  private boolean exhausted;

  /** The pool takes no more. */
  private boolean refused;

  /** Items were given up that had been taken from the source and were with no worker yet. */
  private boolean dropped;

  /** The workers have filled the window: they must be called when there is room again. */
  private boolean starved;

  private boolean feederWaits;
  private @Nullable Throwable sourceFailure;

  // ---- what goes out

  /** Ordered: at the index of their items; else in the order of their coming. */
  private final ReorderBuffer<E> due = new ReorderBuffer<>();

  /** Drained from the above for the consumer; used by the consuming thread only. */
  private final ArrayDeque<E> drained = new ArrayDeque<>();

  /** Used by the consuming thread only. */
  private boolean started;

  /** Items put in batches. */
  private long batched;

  /** Items that have ended. */
  private long endedCount;

  private boolean consumerWaits;

  /** The consumer is a worker of the same pool. */
  private boolean consumerHelps;

  /** A retry has come to wait for a worker since the consumer last looked, if it helps. */
  private boolean retryWaits;

  private @Nullable ItemFailure firstFailure;
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
    this.readDirectly = source != null && SafeCollections.include(source);
    this.ordered = ordered;
    this.failFast = failFast;
    this.shape = shape;
    this.window = window(pool);
    this.quarter = Math.max(1, window / 4);
  }

  /** A slow first item is to keep no worker without work, as far as nobody has asked for less. */
  private static int window(AbstractPool pool) {
    int window = pool.policy().window();
    return window == TaskPolicy.DEFAULT.window()
        ? (int)
            Math.max(window, Math.min(Integer.MAX_VALUE, (long) WINDOW_PER_WORKER * pool.workers()))
        : window;
  }

  /** Returns the stream that its user sees. */
  StreamSpliterator<E> elements() {
    return new StreamSpliterator<>(this, source, ordered);
  }

  // ---- the source's side

  /** For a gatherer; returns whether it must take an element before it pushes the next. */
  boolean push(T item) {
    start();
    if (!add(item)) {
      throw cutOffOr(this::refusal);
    }
    lock.lock();
    try {
      return room() <= 0;
    } finally {
      lock.unlock();
    }
  }

  void endOfPushes() {
    start();
    sourceEnds(null);
  }

  private void start() {
    if (started) {
      return;
    }
    started = true;
    pool.register(this);
    if (source == null) {
      return;
    }
    if (!readDirectly) {
      ClassLoader loader = Thread.currentThread().getContextClassLoader();
      OwnThreads.start("fornada-feeder", () -> feed(source, loader));
      return;
    }
    Iterable<? extends T> items = handOverBound(source);
    lock.lock();
    try {
      direct = items.iterator();
    } finally {
      lock.unlock();
    }
    pool.offer(this);
  }

  /** What only the consumer's thread can read, such as a confined segment, is handed over by it. */
  @SuppressWarnings("unchecked") // the copies are of these items
  private Iterable<? extends T> handOverBound(Iterable<? extends T> items) {
    Iterator<? extends T> first = items.iterator();
    if (!first.hasNext() || !pool.isBound(first.next())) {
      return items;
    }
    var copies = new ArrayList<@Nullable Object>();
    for (T item : items) {
      copies.add(pool.isBound(item) ? pool.handOver(item, false) : item);
    }
    return (Iterable<? extends T>) (Iterable<?>) copies;
  }

  /**
   * Reads a source that is user code. It may wait, for a line of input say, and outcomes that are
   * due must not wait with it. It may even never return: nothing waits for this thread.
   */
  private void feed(Iterable<? extends T> items, @Nullable ClassLoader loader) {
    lock.lock();
    try {
      if (isStopped()) {
        return;
      }
      feeder = Thread.currentThread(); // before a stop can come, which interrupts it
    } finally {
      lock.unlock();
    }
    Thread.currentThread().setContextClassLoader(loader);
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
    sourceEnds(thrown);
  }

  /** Returns how many items may be taken from the source now; 0 if no more are wanted. */
  private long awaitRoom() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (room() <= 0 && !isStopped() && !refused) {
        feederWaits = true;
        forFeeder.await();
      }
      feederWaits = false;
      return isStopped() || refused ? 0 : room();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns how many more items may be taken from the source. Under lock.
   *
   * <p>Results that only wait for a slower item before theirs count, because a source may be
   * endless. They do not where the source holds all of its items anyway.
   */
  private long room() {
    long ahead = taken - consumed;
    if (readDirectly && ordered) {
      ahead -= endedCount - due.missing();
    }
    return window - ahead;
  }

  /** The source has no more, or has thrown. */
  private void sourceEnds(@Nullable Throwable thrown) {
    lock.lock();
    try {
      if (!isStopped()) { // a source that was left half-way is not exhausted
        exhausted = true;
        sourceFailure = thrown;
      }
      feeder = null;
      forConsumer.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Hands over an item; false if the pool takes no more. */
  private boolean add(T item) {
    boolean enters;
    Object handed = pool.handOver(item, false);
    Object entry = PendingItems.entry(handed);
    lock.lock();
    try {
      if (refused || isStopped()) {
        HandedOver.release(handed);
        return false;
      }
      taken++;
      pending.add(entry);
      enters = enters();
      if (consumerWaits && consumerHelps) {
        forConsumer.signalAll(); // it may run the item itself
      }
    } finally {
      lock.unlock();
    }
    pool.offer(this, enters);
    return true;
  }

  // ---- the workers' side

  @Override
  @Nullable Batch<T, R> takeLocked(int most) {
    Iterator<? extends T> it = direct;
    PendingItems.Taken some =
        it == null
            ? pending.take(Math.min(most, pending.size()))
            : new PendingItems.Taken(takeDirectly(it, most), null);
    int n = some.items().length;
    if (n == 0) {
      return null;
    }
    var batch = new Batch<T, R>(this, function, some.items(), 0, n, batched, pool.nextTasks(n), 1);
    batched += n;
    long[] times = some.times();
    if (times != null) {
      batch.queuedAt(times);
    } else if (it != null) {
      batch.queuedNow();
    }
    return batch;
  }

  private @Nullable Object[] takeDirectly(Iterator<? extends T> it, int most) {
    int n = refused || exhausted ? 0 : (int) Math.max(0, Math.min(room(), most));
    var items = new @Nullable Object[n];
    int got = 0;
    try {
      while (got < n && it.hasNext()) {
        items[got] = it.next();
        got++;
      }
      exhausted = exhausted || (n > 0 && !it.hasNext());
    } catch (RuntimeException | Error e) { // such as one that says it was changed meanwhile
      sourceFailure = e;
      exhausted = true;
    }
    taken += got;
    starved = room() <= 0;
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
              ? !pending.isEmpty() // these are taken from their source: a shutdown still runs them
              : !refused && !exhausted && room() > 0);
    } finally {
      lock.unlock();
    }
  }

  @Override
  void done(Batch<T, R> batch, int i, R value) {
    put(batch, i, new Outcome.Done<>(value));
  }

  @Override
  void done(Batch<T, R> batch, int first, @Nullable Object[] values, int from, int count) {
    var elements = new ArrayList<E>(count);
    for (int k = 0; k < count; k++) {
      var outcome = new Outcome.Done<R>(Batch.result(values[from + k]));
      elements.add(shape.of(batch.index(first + k), batch.item(first + k), outcome));
    }
    boolean offer;
    lock.lock();
    try {
      for (int k = 0; k < count; k++) {
        putLocked(batch.index(first + k), elements.get(k));
      }
      signalConsumer();
      offer = mustBeOffered();
    } finally {
      lock.unlock();
    }
    if (offer) {
      pool.offer(this);
    }
  }

  @Override
  void ended(Batch<T, R> batch, int i, Outcome<R> outcome) {
    if (failFast && !isStopped()) {
      ItemFailure failure = ItemFailure.of(batch, i, outcome);
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
    boolean offer;
    lock.lock();
    try {
      putLocked(batch.index(i), element);
      signalConsumer();
      offer = mustBeOffered();
    } finally {
      lock.unlock();
    }
    if (offer) {
      pool.offer(this);
    }
  }

  private void putLocked(long index, E element) {
    due.put(ordered ? index : endedCount, element);
    endedCount++;
  }

  /** Something has come. Under lock. */
  private void signalConsumer() {
    if (consumerWaits && due.isReady()) {
      consumerWaits = false;
      forConsumer.signal();
    }
  }

  /**
   * Whether there is room again, and the workers do not know; the caller tells them. Under lock.
   */
  private boolean mustBeOffered() {
    boolean must = starved && room() >= quarter;
    starved &= !must;
    return must;
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

  /** Returns the next element; null at the end. Throws what ends the stream early. */
  @Nullable E next() {
    if (drained.isEmpty()) {
      start();
      fill();
    }
    return drained.poll();
  }

  /** Returns the next element if it is there already. */
  @Nullable E nextIfReady() {
    if (drained.isEmpty()) {
      boolean cutOff;
      lock.lock();
      try {
        cutOff = isCutOff();
        if (!cutOff) {
          drain();
        }
      } finally {
        lock.unlock();
      }
      if (cutOff) {
        throw cutOffOr(this::refusal);
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
        if (isCutOff()) {
          break;
        }
        drain();
        if (drained.isEmpty() && isAtEnd()) {
          return;
        }
        offer = mustBeOffered();
        if (!offer && drained.isEmpty() && !(helps && (retryWaits || hasMore()))) {
          consumerWaits = true;
          forConsumer.await();
          continue;
        }
        retryWaits = false;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
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
    // Not under lock: a stop cancels batches, and user code makes the text of an exception.
    throw cutOffOr(() -> {
      stop("the consumer was interrupted");
      return new Interrupted(due.taken());
    });
  }

  /**
   * Runs an item of this stream that no other worker has: if a task consumes a stream of its own
   * pool, all workers might wait and none work.
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
    if (feederWaits && room() >= quarter) {
      feederWaits = false;
      forFeeder.signal();
    }
    while (drained.size() < quarter) {
      E element = due.poll();
      if (element == null) {
        break;
      }
      drained.add(element);
    }
  }

  /** Whether the stream ends here, whatever else is due. Under lock. */
  private boolean isCutOff() {
    return firstFailure != null || (failFast && isStopped());
  }

  /** Returns what ends the stream whatever else is due; if nothing does, another exception. */
  private RuntimeException cutOffOr(Supplier<RuntimeException> other) {
    ItemFailure failure;
    String reason = null;
    lock.lock();
    try {
      failure = firstFailure;
      if (failFast && isStopped()) {
        reason = stopReason;
      }
    } finally {
      lock.unlock();
    }
    if (failure != null) {
      return failure.exception();
    }
    return reason != null
        ? new RejectedExecutionException("the call was cut off: " + reason)
        : other.get();
  }

  /** Whether every item that was taken has ended. Under lock. */
  private boolean isDone() {
    return endedCount == batched && pending.isEmpty();
  }

  /** Whether the source has no more, or the pool takes no more. Under lock. */
  private boolean isClosed() {
    return exhausted || refused;
  }

  /** Whether nothing more will come; throws if that is not as it should be. Under lock. */
  private boolean isAtEnd() {
    if (isDone() && !dropped && isClosed()) {
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
    lock.lock();
    try {
      return new RejectedExecutionException(
          "the pool was shut down after " + taken + " items of this stream");
    } finally {
      lock.unlock();
    }
  }

  // ---- the pool's side

  /** The pool was shut down: it takes no more items from the source. */
  @Override
  public void refuse() {
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

  @Override
  public void stopAtOnce(String reason) {
    stop(reason);
  }

  @Override
  void onStop(String reason) {
    stopReason = reason;
    dropped = !pending.isEmpty();
    pending.clear();
    forFeeder.signalAll();
    forConsumer.signalAll();
    Thread interrupted = feeder;
    if (interrupted != null) {
      // By another thread: an interrupt closes a channel that the source reads, and that may block.
      Callbacks.run(null, interrupted::interrupt);
    }
  }

  @Override
  void closed(Batch<T, R> batch) {
    super.closed(batch);
    pool.settle(this);
  }

  /** Whether items were taken from the source that no worker has taken yet. */
  @Override
  public boolean hasPending() {
    lock.lock();
    try {
      return !pending.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing more will happen here. */
  @Override
  public boolean isOver() {
    lock.lock();
    try {
      return (isStopped() || isClosed()) && isDone();
    } finally {
      lock.unlock();
    }
  }
}
