package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskException;
import io.github.fornada.TaskFunction;
import java.io.Serial;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
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

  /** Enough room to be worth a batch: each offer wakes a worker, each signal a thread. */
  private final int quarter;

  private final @Nullable Iterable<? extends T> source;
  private final StreamIntake<T> intake;
  private final Condition forConsumer = lock.newCondition();

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
    int window = pool.policy().window();
    this.quarter = Math.max(1, window / 4);
    this.intake = new StreamIntake<>(this, source, window, quarter);
  }

  /** For the stream that its user sees. */
  StreamSpliterator<E> elements() {
    return new StreamSpliterator<>(this, source, ordered);
  }

  // ---- the source's side

  /** For a gatherer; returns whether it must take an element before it pushes the next. */
  boolean push(T item) {
    start();
    if (!intake.add(item)) {
      lock.lock();
      try {
        throwIfCutOff();
        throw refusal();
      } finally {
        lock.unlock();
      }
    }
    return intake.isFull();
  }

  void endOfPushes() {
    start();
    intake.finish(null);
  }

  private void start() {
    if (!started) {
      started = true;
      pool.register(this);
      intake.start();
    }
  }

  @Override
  @Nullable Batch<T, R> takeLocked(int most) {
    PendingItems.Taken some = intake.take(most);
    int n = some.items().length;
    if (n == 0) {
      return null;
    }
    var batch = new Batch<T, R>(this, function, some.items(), 0, n, batched, pool.nextTasks(n), 1);
    batched += n;
    long[] times = some.times();
    if (times != null) {
      batch.queuedAt(times);
    } else if (intake.isDirect()) {
      batch.queuedNow();
    }
    return batch;
  }

  @Override
  boolean hasMore() {
    lock.lock();
    try {
      return !isStopped() && intake.hasMore();
    } finally {
      lock.unlock();
    }
  }

  /** The pool takes no more from this run: it was shut down. */
  void refuse() {
    lock.lock();
    try {
      intake.refuse();
      forConsumer.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // ---- what the intake tells, under lock

  /** No more comes, or something other has happened that the consumer must see. */
  void sourceChanged() {
    forConsumer.signalAll();
  }

  /** An item has come: a consumer that is a worker of the same pool may do it. */
  void pushedOne() {
    if (consumerWaits && consumerHelps) {
      forConsumer.signalAll();
    }
  }

  // ---- the workers' side

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
    lock.lock();
    try {
      for (int k = 0; k < count; k++) {
        putLocked(batch.index(first + k), elements.get(k));
      }
      tellConsumer();
    } finally {
      lock.unlock();
    }
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
      putLocked(batch.index(i), element);
      tellConsumer();
    } finally {
      lock.unlock();
    }
  }

  private void putLocked(long index, E element) {
    due.put(ordered ? index : endedCount, element);
    endedCount++;
  }

  /** Under lock: something has come. */
  private void tellConsumer() {
    if (consumerWaits && due.isReady()) {
      consumerWaits = false;
      forConsumer.signal();
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
        offer = intake.mustBeOffered();
        if (!offer && drained.isEmpty() && !(helps && (retryWaits || hasMore()))) {
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
    intake.consumed(due.taken());
    while (drained.size() < quarter) {
      E element = due.poll();
      if (element == null) {
        break;
      }
      drained.add(element);
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

  /** Whether every item that was taken has ended. Under lock. */
  private boolean isDone() {
    return endedCount == batched && !intake.hasPushed();
  }

  /** Whether nothing more will come; throws if that is not as it should be. Under lock. */
  private boolean isAtEnd() {
    if (isDone() && !intake.hasDropped() && intake.isClosed()) {
      Throwable failure = intake.failure();
      if (failure != null) {
        throw StreamRun.<RuntimeException>unchecked(failure);
      }
      if (intake.isRefused()) {
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
        "the pool was shut down after " + intake.taken() + " items of this stream");
  }

  // ---- the pool's side

  @Override
  void onStop(String reason) {
    stopReason = reason;
    intake.stop();
    forConsumer.signalAll();
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
      return intake.hasPushed();
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing more will happen here. */
  boolean isOver() {
    lock.lock();
    try {
      return (isStopped() || intake.isClosed()) && isDone();
    } finally {
      lock.unlock();
    }
  }
}
