package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.jvm.BoundedText;
import org.jspecify.annotations.Nullable;

/** Where the outcomes of one call go: a future, a list or a stream. */
abstract class Sink<T extends @Nullable Object, R extends @Nullable Object> {
  final AbstractPool pool;

  Sink(AbstractPool pool) {
    this.pool = pool;
  }

  /** An item is done. Called once an item, by any thread. */
  abstract void done(Batch<T, R> batch, int i, R value);

  /**
   * Items in a row are done, as if one after the other: what one throws keeps the others from
   * nothing.
   *
   * @param from place of the first one's result
   */
  void done(Batch<T, R> batch, int first, @Nullable Object[] values, int from, int count) {
    Throwable thrown = null;
    for (int k = 0; k < count; k++) {
      try {
        done(batch, first + k, Batch.<R>result(values[from + k]));
      } catch (RuntimeException | Error e) { // a callback's
        thrown = e;
      }
    }
    rethrow(thrown);
  }

  /** Throws what was caught as one of the unchecked; nothing for null. */
  static void rethrow(@Nullable Throwable thrown) {
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
  }

  /** An item has any other outcome, for good. Called once an item, by any thread. */
  abstract void ended(Batch<T, R> batch, int i, Outcome<R> outcome);

  /** Every item of the batch has ended or moved to a batch of its own. */
  abstract void closed(Batch<T, R> batch);

  /** Whether {@link #ran} is of use. */
  boolean isTimed() {
    return false;
  }

  /** So many items took a worker so long. */
  void ran(int count, long nanos) {}

  /** A retry's pause is over, and it waits for a worker. */
  void resumed() {}

  /** Nobody wants the outcomes any more: what waits is cancelled, what runs is stopped. */
  abstract void stop(String reason);

  /** Whether nobody wants these outcomes any more. */
  abstract boolean isStopped();

  /** An item is to be tried again; the pause between is the pool's. */
  abstract void retry(Batch<T, R> batch, int i);

  /** How an item is named in messages. */
  String label(long index, @Nullable Object item) {
    return "item " + index + " (" + text(item) + ")";
  }

  static String text(@Nullable Object item) {
    return BoundedText.ofItem(item);
  }
}
