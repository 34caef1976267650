package io.github.fornada.process;

import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.spi.Batch;
import org.jspecify.annotations.Nullable;

/**
 * Items in a row of one batch, on their way to a worker under numbers in a row; it shrinks from the
 * front as results arrive, and from the end as items are taken back. Not for several threads.
 */
final class SentRange {
  private final Batch<?, ?> batch;
  private int first;
  private int count;

  /** Of the first item. */
  private long ticket;

  private final int bytes;

  /** Where the one item is, if it is large. */
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

  /** Index of the first item in its batch. */
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

  /** Number of the first item. */
  long number() {
    return ClaimWord.number(ticket);
  }

  /** Number after that of the last item. */
  long end() {
    return number() + count;
  }

  private SentItem sent(int k) {
    return new SentItem(batch, first + k, ticket + k, bytes, file);
  }

  /** The item of this number, if it is here. */
  @Nullable SentItem find(long number) {
    return number >= number() && number < end() ? sent((int) (number - number())) : null;
  }

  /** The item with this index in its batch, if it is here. */
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

  /** Gives back all but the first {@code kept}; returns whether any may be claimed again now. */
  boolean release(int kept, Engine engine) {
    boolean any = false;
    for (int k = kept; k < count; k++) {
      any |= batch.release(first + k);
    }
    if (kept < count) {
      engine.discard(file); // a range with a file has one item
      count = kept;
    }
    return any;
  }
}
