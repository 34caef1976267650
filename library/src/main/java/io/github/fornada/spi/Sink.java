package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.HeapShortage;
import org.jspecify.annotations.Nullable;

/** Where the outcomes of one call go: a future, a list or a stream. */
abstract class Sink<T extends @Nullable Object, R extends @Nullable Object>
    implements HeapShortage.Sufferer {
  final AbstractPool pool;

  /** The context class loader of the thread that made the call. */
  final @Nullable ClassLoader contextLoader;

  /**
   * What {@link AbstractPool#originOfCall} returned in the thread that made the call; null unless
   * the call was made on behalf of a task of the same pool.
   */
  final @Nullable Object origin;

  /** What stands for the call without keeping it. Guarded by this. */
  private @Nullable Object token;

  /** Makes the sink of a call that the current thread makes. */
  Sink(AbstractPool pool) {
    this(pool, Thread.currentThread().getContextClassLoader());
  }

  /**
   * Makes the sink of a call.
   *
   * @param contextLoader that of the thread that made the call, which may have been another one
   */
  Sink(AbstractPool pool, @Nullable ClassLoader contextLoader) {
    this.pool = pool;
    this.contextLoader = contextLoader;
    this.origin = pool.originOfCall();
  }

  /** Returns an object that stands for this call, and for no other, and does not keep it. */
  final synchronized Object token() {
    Object known = token;
    if (known == null) {
      known = new Object();
      token = known;
    }
    return known;
  }

  /** Called when an item is done: once for each item, by any thread. */
  abstract void done(Batch<T, R> batch, int i, R value);

  /** As {@link #done(Batch, int, Object)}, for calls that want to know the worker. */
  void done(Batch<T, R> batch, int i, R value, String worker) {
    done(batch, i, value);
  }

  /** As {@link #done(Batch, int, Object[], int, int)}, for calls that want to know the worker. */
  void done(
      Batch<T, R> batch, int first, @Nullable Object[] values, int from, int count, String worker) {
    done(batch, first, values, from, count);
  }

  /** Runs an item in this JVM. */
  R apply(Batch<T, R> batch, int i) throws Exception {
    return batch.function().apply(batch.item(i));
  }

  /**
   * Called when consecutive items are done, as if one after the other. If a callback of one throws,
   * the others are done all the same.
   *
   * @param first the position of the first item in the batch
   * @param from the index of its result in {@code values}
   */
  void done(Batch<T, R> batch, int first, @Nullable Object[] values, int from, int count) {
    Throwable thrown = null;
    for (int k = 0; k < count; k++) {
      try {
        done(batch, first + k, Batch.<R>result(values[from + k]));
      } catch (RuntimeException | Error e) { // thrown by a callback
        thrown = e;
      }
    }
    rethrow(thrown);
  }

  /** Throws {@code thrown}, which is unchecked; does nothing for null. */
  static void rethrow(@Nullable Throwable thrown) {
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
  }

  /** Called when an item has any other outcome, for good: once for each item, by any thread. */
  abstract void ended(Batch<T, R> batch, int i, Outcome<R> outcome);

  /** As {@link #ended(Batch, int, Outcome)}, for calls that want to know the worker. */
  void ended(Batch<T, R> batch, int i, Outcome<R> outcome, String worker) {
    ended(batch, i, outcome);
  }

  /** Called when every item of the batch has ended or moved to a batch of its own. */
  abstract void closed(Batch<T, R> batch);

  /**
   * Returns whether it may be told again of an item where {@link #done(Batch, int, Object)}, {@link
   * #ended(Batch, int, Outcome)} or the like has thrown an {@link OutOfMemoryError}: it has changed
   * nothing then, or nothing that a second time would do twice.
   */
  boolean canBeToldAgain() {
    return true;
  }

  /**
   * {@inheritDoc} A call whose caller waits for it ends with that: the results that its caller
   * holds, or it itself, may be what fills the heap. By default does nothing.
   */
  @Override
  public void outOfMemory(OutOfMemoryError e) {}

  /** Returns whether {@link #ran} has an effect. */
  boolean isTimed() {
    return false;
  }

  /** Notes that {@code count} items took a worker {@code nanos} nanoseconds. */
  void ran(int count, long nanos) {}

  /** Notes that an item has ended without a result. */
  void hasFailed() {}

  /** As {@link #ran(int, long)}, for calls that want to know the worker. */
  void ran(int count, long nanos, String worker) {
    ran(count, nanos);
  }

  /** The pool that alone reads the results; null if they are to be read here. */
  @Nullable AbstractPool relayTarget() {
    return null;
  }

  /** Whether {@link #usedCpu} is of use. */
  boolean isMetered() {
    return false;
  }

  /** Items of one batch took so much processor time. */
  void usedCpu(long nanos) {}

  /** {@code count} items took a worker {@code nanos} nanoseconds; it is no measure for batches. */
  void spent(int count, long nanos, String worker) {}

  /** As {@link FedCall.Feed#restarted}. */
  void restarted(String worker, long from, long to) {}

  /** A worker has taken items; called without a lock. */
  void polled() {}

  /** Whether an item that failed may be tried again as far as its call is concerned. */
  boolean mayRetry(Batch<T, R> batch, int i) {
    return true;
  }

  /** Called when the pause of a retry is over and it waits for a worker. */
  void resumed() {}

  /**
   * Stops this call because its outcomes are no longer wanted: waiting items are cancelled, running
   * items are stopped.
   */
  abstract void stop(String reason);

  /** Returns whether these outcomes are no longer wanted. */
  abstract boolean isStopped();

  /** Called when an item will be retried; the pool makes the pause before it. */
  abstract void retry(Batch<T, R> batch, int i);

  /** Returns how an item is named in messages. May wait for its text, for a second at most. */
  String label(Batch<T, R> batch, int i) {
    return label(batch.index(i), batch.item(i));
  }

  /** Returns how an item is named in messages. May wait for its text, for a second at most. */
  String label(long index, @Nullable Object item) {
    return labelOf(index, item);
  }

  static String labelOf(long index, @Nullable Object item) {
    return "item " + index + " (" + text(item) + ")";
  }

  static String text(@Nullable Object item) {
    return BoundedText.ofItem(item);
  }
}
