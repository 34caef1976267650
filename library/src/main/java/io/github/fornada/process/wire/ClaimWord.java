package io.github.fornada.process.wire;

import java.nio.ByteBuffer;

/**
 * Decides which process has which item: one word in shared memory, changed only by compare-and-set.
 *
 * <p>Items sent to a worker are numbered. The word holds an epoch and the number of the next item
 * to start. The worker increments the number before it touches an item, so that after its death the
 * pool knows which item to blame. The pool takes back items that were not started by incrementing
 * the epoch. The worker then skips every item that was sent under the old epoch.
 */
public final class ClaimWord {
  private static final int EPOCH_SHIFT = 48;
  private static final long NUMBER = (1L << EPOCH_SHIFT) - 1;

  private final ByteBuffer header;

  public ClaimWord(ByteBuffer header) {
    this.header = header;
  }

  /** Returns an item's number and the epoch under which it is sent, in one word. */
  public static long ticket(long epoch, long number) {
    return epoch << EPOCH_SHIFT | number;
  }

  public static long number(long ticket) {
    return ticket & NUMBER;
  }

  public static long epoch(long ticket) {
    return ticket >>> EPOCH_SHIFT;
  }

  /** Called by the worker before it touches an item. Returns false if the item was taken back. */
  public boolean claim(long ticket) {
    return Segment.LONG.compareAndSet(header, Segment.CLAIM, ticket, ticket + 1);
  }

  /** Returns the epoch and the number of the first item not started. */
  public long next() {
    return (long) Segment.LONG.getVolatile(header, Segment.CLAIM);
  }

  /** Takes back every item not started. Returns the new epoch with the first number taken back. */
  public long takeBack() {
    while (true) {
      long seen = next();
      // The epoch may wrap around: messages sent 65,536 take-backs ago were read long ago.
      long wanted = ticket((epoch(seen) + 1) & 0xFFFF, number(seen));
      if (Segment.LONG.compareAndSet(header, Segment.CLAIM, seen, wanted)) {
        return wanted;
      }
    }
  }
}
