package io.github.fornada.process;

import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.spi.Batch;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive items of one batch that were sent to a worker with consecutive numbers. The range
 * shrinks from the front as results arrive, and from the end as items are taken back. Not
 * thread-safe.
 */
final class SentRange {
  private final Batch<?, ?> batch;
  private int first;
  private int count;

  /** The ticket of the first item. */
  private long ticket;

  private final int bytes;

  /** The file of the only item, if that is large; else null. */
  private final @Nullable String file;

  SentRange(
      Batch<?, ?> batch, int first, int count, long ticket, int bytes, @Nullable String file) {
    this.batch = batch;
    this.first = first;
    this.count = count;
    this.ticket = ticket;
    this.bytes = bytes;
    this.file = file;
  }

  Batch<?, ?> batch() {
    return batch;
  }

  /** Returns the position of the first item in its batch. */
  int first() {
    return first;
  }

  int count() {
    return count;
  }

  boolean isEmpty() {
    return count == 0;
  }

  long ticket() {
    return ticket;
  }

  void ticket(long ofFirst) {
    ticket = ofFirst;
  }

  /** Returns the number of the first item. */
  long number() {
    return ClaimWord.number(ticket);
  }

  /** Returns the number after that of the last item. */
  long end() {
    return number() + count;
  }

  private SentItem sent(int k) {
    return new SentItem(batch, first + k, ticket + k, bytes, file);
  }

  /** Returns the item with this number; null if it is not in this range. */
  @Nullable SentItem find(long number) {
    return number >= number() && number < end() ? sent((int) (number - number())) : null;
  }

  /**
   * Returns the item with this position in the batch {@code of}; null if it is not in this range.
   */
  @Nullable SentItem find(Batch<?, ?> of, int i) {
    return batch.equals(of) && i >= first && i < first + count ? sent(i - first) : null;
  }

  SentItem takeFirst() {
    SentItem sent = sent(0);
    skip(1);
    return sent;
  }

  /** Takes {@code n} items off the front. */
  void skip(int n) {
    first += n;
    ticket += n;
    count -= n;
  }

  /** Takes {@code n} items off the front, as a range of their own. */
  SentRange split(int n) {
    var front = new SentRange(batch, first, n, ticket, bytes, file);
    skip(n);
    return front;
  }

  /**
   * Releases all but the first {@code kept} items; returns whether any may now be claimed again.
   */
  boolean release(int kept, Engine engine) {
    boolean any = false;
    for (int k = kept; k < count; k++) {
      any |= batch.release(first + k);
    }
    if (kept < count) {
      count = kept;
      try {
        engine.discard(file); // a range with a file has one item
      } catch (OutOfMemoryError e) {
        // It goes with the pool's folder: what was released matters more.
      }
    }
    return any;
  }
}
