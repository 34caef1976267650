package io.github.fornada.spi;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskPolicy;
import io.github.fornada.jvm.Callbacks;
import io.github.fornada.jvm.Fifo;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Sources;
import io.github.fornada.jvm.StackRoom;
import java.io.Serial;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call whose outcomes are consumed while it runs. Its back-pressure is a window: at most that
 * many items were taken from the source and not consumed yet.
 *
 * <p>Items come in one of three ways. A collection that is {@linkplain SafeCollections safe} is
 * read by the workers, under the lock. Any other source is user code: it is read by a feeder, a
 * thread of its own, which holds no lock meanwhile, so that a source that never returns blocks
 * nothing else. A gatherer pushes items.
 *
 * <p>Everything but the final fields is guarded by the run's lock unless it says otherwise.
 *
 * @param <E> what the consumer sees: outcomes in order, or completions as they come
 */
final class StreamRun<T extends @Nullable Object, R extends @Nullable Object, E> extends Run<T, R>
    implements OpenCall {
  /** The minimum window for each worker of the pool if the policy has the default window. */
  private static final int WINDOW_PER_WORKER = 4; // Guess

  /**
   * No more items are taken while results of so many bytes wait for the consumer, or items of so
   * many for a worker. A window of large ones would fill the heap, and items would fail for want of
   * memory, only because their source is quicker than the workers, or their consumer slower.
   */
  private static final long MOST_BYTES = Runtime.getRuntime().maxMemory() / 8; // Guess

  /** After an item of so many bytes it is looked whether there is room for another. */
  private static final long LARGE = 16 << 10; // Guess: a window of smaller ones is small

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

  /**
   * The free part of the window that makes an offer worth it: each offer wakes a worker, each
   * signal a thread.
   */
  private final int quarter;

  private final @Nullable Iterable<? extends T> source;

  /** Whether workers read the source themselves. */
  private final boolean readDirectly;

  private final Condition forConsumer = lock.newCondition();
  private final Condition forFeeder = lock.newCondition();

  // ---- input

  /** Items from a feeder or a gatherer that no worker has taken yet. */
  private final PendingItems pending = new PendingItems();

  /** The source, once the consumer has begun, where workers read it. */
  private @Nullable Iterator<? extends T> direct;

  private @Nullable Thread feeder;

  /** The number of items taken from the source, pending ones included. */
  private long taken;

  /**
   * The number of items that the consumer is finished with: it has asked for an element after them.
   */
  private long consumed;

  /** Whether the source has no more items. */
  private boolean exhausted;

  /** Whether the pool takes no more items. */
  private boolean refused;

  /** Whether pending items were dropped: taken from the source, and not with a worker yet. */
  private boolean dropped;

  /**
   * Whether the window was full when a worker asked for items: workers must be woken when it has
   * room again.
   */
  private boolean starved;

  private boolean feederWaits;
  private @Nullable Throwable sourceFailure;

  // ---- output

  /**
   * Elements for the consumer: in an ordered stream at the index of their items, else in order of
   * completion.
   */
  private final ReorderBuffer<E> due = new ReorderBuffer<>();

  /** Elements moved from {@link #due} for the consumer; used by the consuming thread only. */
  private final Fifo<E> drained = new Fifo<>();

  /** The bytes of all results that the consumer is not finished with, as far as they are known. */
  private long heldBytes;

  /** Those of the results in {@link #drained} when they were moved there. */
  private long drainedBytes;

  /** Whether the consumer has begun; used by the consuming thread only. */
  private boolean started;

  /** The number of items that have ended. */
  private long endedCount;

  private boolean consumerWaits;

  /** Whether the consumer is a worker of the same pool. */
  private boolean consumerHelps;

  /**
   * Whether a retry has begun to wait for a worker since the consumer last checked; used only if
   * the consumer helps.
   */
  private boolean retryWaits;

  private @Nullable ItemFailure firstFailure;
  private String stopReason = "";

  /** Why it ends although items have no outcome: there was no memory for one. Guarded by lock. */
  private @Nullable OutOfMemoryError lack;

  /** Makes a run of a call that the current thread makes. */
  StreamRun(
      AbstractPool pool,
      TaskFunction<? super T, ? extends R> function,
      @Nullable Iterable<? extends T> source,
      boolean ordered,
      boolean failFast,
      Shape<T, R, E> shape) {
    this(
        pool,
        function,
        source,
        ordered,
        failFast,
        shape,
        Thread.currentThread().getContextClassLoader());
  }

  /**
   * Makes a run.
   *
   * @param contextLoader the context class loader of the thread that made the call
   */
  StreamRun(
      AbstractPool pool,
      TaskFunction<? super T, ? extends R> function,
      @Nullable Iterable<? extends T> source,
      boolean ordered,
      boolean failFast,
      Shape<T, R, E> shape,
      @Nullable ClassLoader contextLoader) {
    super(pool, function, contextLoader);
    this.source = source;
    this.readDirectly = source != null && SafeCollections.include(source);
    this.ordered = ordered;
    this.failFast = failFast;
    this.shape = shape;
    this.window = window(pool);
    this.quarter = Math.max(1, window / 4);
  }

  /**
   * Returns the window. The default is raised for large pools so that a slow first item leaves no
   * worker without work; a window that the user has set is kept.
   */
  private static int window(AbstractPool pool) {
    int window = pool.policy().window();
    return window == TaskPolicy.DEFAULT.window()
        ? (int)
            Math.max(window, Math.min(Integer.MAX_VALUE, (long) WINDOW_PER_WORKER * pool.workers()))
        : window;
  }

  /** Returns the elements of the stream that the user gets. */
  StreamSpliterator<E> elements() {
    return new StreamSpliterator<>(this, source, ordered);
  }

  /** Whether a thread of its own reads the source. */
  boolean hasFeeder() {
    return source != null && !readDirectly;
  }

  // ---- called on behalf of the source

  /**
   * Adds an item of a gatherer; returns whether the gatherer must take an element before it pushes
   * the next.
   */
  boolean push(T item) {
    StackRoom.require();
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
    StackRoom.require();
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

  /**
   * Hands over the items that only the consumer's thread can read, such as confined segments, in
   * that thread.
   */
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
   * Reads a source that is user code. The source may wait, for instance for a line of input, and
   * outcomes that are due must not wait with it. It may even never return: nothing waits for this
   * thread.
   */
  private void feed(Iterable<? extends T> items, @Nullable ClassLoader loader) {
    lock.lock();
    try {
      if (isStopped() || refused) {
        return;
      }
      feeder = Thread.currentThread(); // set before a stop, which interrupts this thread, can come
    } finally {
      lock.unlock();
    }
    Thread.currentThread().setContextClassLoader(loader);
    Throwable thrown = null;
    try {
      Iterator<? extends T> it = Sources.iterator(items);
      for (long room = awaitRoom(); room > 0 && it.hasNext(); room--) {
        T item = it.next();
        if (!add(item)) {
          break; // the pool takes no more: this item was never submitted
        }
        // Only the feeder uses up room, so it does not shrink meanwhile, unless items are large.
        if (room == 1 || PlainSize.of(item) >= LARGE) {
          room = 1 + awaitRoom();
        }
      }
    } catch (Throwable e) {
      thrown = e; // ignored if it comes from the interrupt by a stop
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
   * <p>None, while items or results of many bytes wait. Results that wait for an earlier, slower
   * item count against the window, because a source may be endless. They do not count if the source
   * is a collection that holds all its items anyway.
   */
  private long room() {
    long ahead = taken - consumed;
    if (readDirectly && ordered) {
      ahead -= endedCount - due.missing();
    }
    boolean isHeavy = heldBytes > MOST_BYTES || pending.bytes() > MOST_BYTES;
    return isHeavy ? Math.min(0, window - ahead) : window - ahead;
  }

  private static long bytes(@Nullable Object element) {
    Object of = element instanceof Completion<?, ?> completion ? completion.outcome() : element;
    return PlainSize.of(of instanceof Outcome.Done<?> done ? done.value() : of);
  }

  /** Called when the source has no more items, or has thrown. */
  private void sourceEnds(@Nullable Throwable thrown) {
    lock.lock();
    try {
      if (!isStopped()) { // a source whose reading was stopped half-way is not exhausted
        exhausted = true;
        sourceFailure = thrown;
      }
      feeder = null;
      forConsumer.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Hands over an item; returns false if the pool takes no more. */
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
        forConsumer.signalAll(); // the consumer may run the item itself
      }
    } finally {
      lock.unlock();
    }
    pool.offer(this, enters);
    return true;
  }

  // ---- called by workers

  @Override
  void takeItems(int most, Taken into) {
    Iterator<? extends T> it = direct;
    if (it == null) {
      pending.take(most, into);
    } else {
      takeDirectly(it, most, into);
    }
  }

  private void takeDirectly(Iterator<? extends T> it, int most, Taken into) {
    int n = refused || exhausted ? 0 : (int) Math.max(0, Math.min(room(), most));
    var items = new @Nullable Object[n];
    into.waitSince(FlightEvents.nowIfWanted()); // while a lack of memory loses nothing
    int got = 0;
    try {
      while (got < n && it.hasNext()) {
        items[got] = it.next();
        got++;
      }
      exhausted = exhausted || (n > 0 && !it.hasNext());
    } catch (RuntimeException | Error e) { // such as a ConcurrentModificationException
      sourceFailure = e;
      exhausted = true;
    }
    into.put(items, 0, got);
    taken += got;
    starved = room() <= 0;
    if (got == 0) {
      forConsumer.signalAll(); // the source is empty, or it threw
    }
  }

  @Override
  boolean hasItems() {
    return direct == null
        ? !pending.isEmpty() // taken from their source: a shutdown still runs them
        : !refused && !exhausted && room() > 0;
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
      // Before the first is put: where there is no memory, none was.
      due.reserve(ordered ? batch.index(first + count - 1) : endedCount + count - 1);
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
    if (failFast && !isStopped() && !endsWithItsPool(outcome)) {
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
    heldBytes += bytes(element);
  }

  /** Wakes the consumer if it waits for what has arrived. Under lock. */
  private void signalConsumer() {
    if (consumerWaits && due.isReady()) {
      consumerWaits = false;
      forConsumer.signal();
    }
  }

  /**
   * Returns whether there is room again and workers were not woken for it; the caller then offers
   * this run. Under lock.
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

  // ---- called by the consumer

  /** Returns the next element; null at the end. Throws the exception that ends the stream early. */
  @Nullable E next() {
    if (drained.isEmpty()) {
      StackRoom.require();
      start();
      fill();
    }
    return drained.poll();
  }

  /** Returns the next element if it has arrived already; otherwise null. */
  @Nullable E nextIfReady() {
    if (drained.isEmpty()) {
      StackRoom.require();
      boolean cutOff;
      lock.lock();
      try {
        checkMemory();
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

  /** Waits until there are elements for the consumer, or the stream is at its end. */
  private void fill() {
    boolean helps = pool.canRunHere();
    while (true) {
      boolean offer;
      lock.lock();
      try {
        consumerHelps = helps;
        checkMemory();
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
      boolean offered = !offer || pool.tryOffer(this); // what was drained before is consumed by now
      if (!offered) {
        mustOfferAgain(); // when the consumer has let go of what it gets now
      }
      if (!drained.isEmpty()) {
        return;
      }
      if (!offered) {
        HeapShortage.await();
      } else if (helps) {
        help();
      }
    }
    // Not under lock: a stop cancels batches, and user code helps to make the text of an exception.
    throw cutOffOr(() -> {
      stop("the consumer was interrupted");
      return new Interrupted(due.taken());
    });
  }

  private void mustOfferAgain() {
    lock.lock();
    try {
      starved = true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Runs an item of this stream that no other worker has taken. Without this, if tasks consume
   * streams of their own pool, all workers might wait and none work.
   */
  private void help() {
    Batch<?, ?> batch = pool.pollFor(this);
    if (batch != null) {
      pool.runHere(batch);
    }
  }

  /** Moves due elements to {@link #drained}, at most a quarter of the window. Under lock. */
  private void drain() {
    consumed = due.taken();
    heldBytes -= drainedBytes; // what was moved before is consumed by now
    drainedBytes = 0;
    if (feederWaits && room() >= quarter) {
      feederWaits = false;
      forFeeder.signal();
    }
    while (drained.size() < quarter && drainedBytes <= MOST_BYTES / 4) {
      E element = due.peek();
      if (element == null) {
        break;
      }
      drained.add(element); // before it is taken: where there is no memory, it is still due
      var _ = due.poll();
      drainedBytes += bytes(element);
    }
  }

  @Override
  public long left() {
    lock.lock();
    try {
      if (isStopped()) {
        return 0;
      }
      if (isClosed()) {
        return pending.size();
      }
      return direct != null && source instanceof Collection<?> all ? all.size() - taken : -1;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isHeldUp() {
    lock.lock();
    try {
      return !isStopped() && room() <= 0;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void outOfMemory(OutOfMemoryError e) {
    lock.lock();
    try {
      lack = e;
      forConsumer.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Throws what there was no memory for: the consumer may hold what fills the heap. Under lock. */
  private void checkMemory() {
    OutOfMemoryError e = lack;
    if (e != null) {
      lack = null; // it may go on when it has made room
      throw e;
    }
  }

  /** Returns whether the stream ends here, even if elements are due. Under lock. */
  private boolean isCutOff() {
    return firstFailure != null || (failFast && isStopped());
  }

  /**
   * Returns the exception that ends the stream even if elements are due; if there is none, that of
   * {@code other}.
   */
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

  /** Returns whether every item that was taken has ended. Under lock. */
  private boolean isDone() {
    return endedCount == handedOut() && pending.isEmpty();
  }

  /** Returns whether the source has no more items, or the pool takes no more. Under lock. */
  private boolean isClosed() {
    return exhausted || refused;
  }

  /** Returns whether no more elements will come; throws if the stream ended early. Under lock. */
  private boolean isAtEnd() {
    if (isDone() && !dropped && isClosed()) {
      if (sourceFailure != null) {
        throw StreamRun.<RuntimeException>unchecked(sourceFailure);
      }
      if (refused) {
        // Refused, and stopped a moment later: the consumer may look in between.
        throw pool.isStoppedAtOnce() ? stopped(AbstractPool.STOPPED_AT_ONCE) : refusal();
      }
      return true;
    }
    if (isStopped()) {
      throw stopped(stopReason);
    }
    return false;
  }

  private static CancellationException stopped(String reason) {
    return new CancellationException("the stream was stopped: " + reason);
  }

  /**
   * Throws {@code e} unchanged: a source may throw a checked exception that the compiler does not
   * know of.
   */
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

  /**
   * Called when nobody can take elements any more, though the stream was neither closed nor read to
   * its end: nothing more is taken from the source. What was taken is still run, as in a pool that
   * was abandoned, so that it does not depend on the collector which items run. Never waits.
   */
  void abandoned() {
    boolean interrupt;
    lock.lock();
    try {
      interrupt = !isStopped();
      if (interrupt) {
        refuse();
      }
    } finally {
      lock.unlock();
    }
    if (interrupt) {
      interruptFeeder();
    }
    pool.settle(this);
  }

  // ---- called by the pool

  /** Called when the pool was shut down: no more items are taken from the source. */
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
    dropped |= !pending.isEmpty();
    pending.clear();
    forFeeder.signalAll();
    forConsumer.signalAll();
  }

  @Override
  void hasStopped() {
    interruptFeeder();
  }

  /** The source may wait. Called without the lock. */
  private void interruptFeeder() {
    Thread interrupted;
    lock.lock();
    try {
      interrupted = feeder;
    } finally {
      lock.unlock();
    }
    if (interrupted != null) {
      // From another thread: an interrupt closes a channel that the source reads, and that may
      // block.
      Callbacks.run(null, interrupted::interrupt);
    }
  }

  @Override
  void closed(Batch<T, R> batch) {
    super.closed(batch);
    pool.settle(this);
  }

  /** Returns whether some items were taken from the source and not yet by a worker. */
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
