package io.github.fornada.process.wire;

import java.lang.foreign.MemorySegment;

/**
 * Who has which item: one word in shared memory, changed only by compare-and-set.
 *
 * <p>Items sent to a worker are numbered. The word holds an epoch and the number of the next item
 * to start. The worker moves the number on before it touches an item, so that after its death the
 * pool knows the item to blame; the pool takes back what was not started by moving the epoch on,
 * after which the worker skips everything that was sent under the old one.
 */
public final class ClaimWord {
  private static final int EPOCH_SHIFT = 48;
  private static final long NUMBER = (1L << EPOCH_SHIFT) - 1;

  private final MemorySegment header;

  public ClaimWord(MemorySegment header) {
    this.header = header;
  }

  /** An item's number and the epoch it is sent under, in one word. */
  public static long ticket(long epoch, long number) {
    return epoch << EPOCH_SHIFT | number;
  }

  public static long number(long ticket) {
    return ticket & NUMBER;
  }

  public static long epoch(long ticket) {
    return ticket >>> EPOCH_SHIFT;
  }

  /** The worker is about to touch an item. False if the item was taken back. */
  public boolean claim(long ticket) {
    return Segment.LONG.compareAndSet(header, Segment.CLAIM, ticket, ticket + 1);
  }

  /** The epoch and the number of the first item not started. */
  public long next() {
    return (long) Segment.LONG.getVolatile(header, Segment.CLAIM);
  }

  /** Takes back every item not started. Returns the new epoch with the first number taken back. */
  public long takeBack() {
    while (true) {
      long seen = next();
      // The epoch may wrap around: what was sent 65,536 take-backs ago was read long since.
      long wanted = ticket((epoch(seen) + 1) & 0xFFFF, number(seen));
      if (Segment.LONG.compareAndSet(header, Segment.CLAIM, seen, wanted)) {
        return wanted;
      }
    }
  }
}
