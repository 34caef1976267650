package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.jvm.BoundedText;
import org.jspecify.annotations.Nullable;

/** Where the outcomes of one call go: a future, a list or a stream. */
abstract class Sink<T extends @Nullable Object, R extends @Nullable Object> {
  final AbstractPool pool;

  /** The context class loader of the thread that made the call. */
  final @Nullable ClassLoader contextLoader = Thread.currentThread().getContextClassLoader();

  /**
   * What {@link AbstractPool#originOfCall} returned in the thread that made the call; null unless
   * the call was made on behalf of a task of the same pool.
   */
  final @Nullable Object origin;

  Sink(AbstractPool pool) {
    this.pool = pool;
    this.origin = pool.originOfCall();
  }

  /** Called when an item is done: once for each item, by any thread. */
  abstract void done(Batch<T, R> batch, int i, R value);

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

  /** Called when every item of the batch has ended or moved to a batch of its own. */
  abstract void closed(Batch<T, R> batch);

  /** Returns whether {@link #ran} has an effect. */
  boolean isTimed() {
    return false;
  }

  /** Notes that {@code count} items took a worker {@code nanos} nanoseconds. */
  void ran(int count, long nanos) {}

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

  /** Returns an item's name in messages. May wait for its text, for a second at most. */
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
