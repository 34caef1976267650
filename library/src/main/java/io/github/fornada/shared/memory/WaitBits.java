package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;

/**
 * A mask in shared memory of the processes that wait for one thing, by their seats.
 *
 * <p>A process sets its bit and then checks once more whether it has to wait. Whoever ends the wait
 * first writes what the others wait for and then reads the mask. Both are volatile, so at least one
 * of the two sees the other (Dekker's argument). Who rings clears the bit first, by
 * compare-and-set, so that one process at most rings for one wait.
 */
final class WaitBits {
  private static final int WORDS = Bell.SEATS / Long.SIZE;

  private WaitBits() {}

  private static long wordOf(long at, int seat) {
    return at + (long) (seat / Long.SIZE) * Long.BYTES;
  }

  /** Sets the bit; returns false if it was set already. */
  static boolean set(MemorySegment memory, long at, int seat) {
    long word = wordOf(at, seat);
    long bit = 1L << seat;
    while (true) {
      long seen = (long) Region.LONG.getVolatile(memory, word);
      if ((seen & bit) != 0) {
        return false;
      }
      if (Region.LONG.compareAndSet(memory, word, seen, seen | bit)) {
        return true;
      }
    }
  }

  /** Clears the bit; returns false if it was clear already. */
  static boolean clear(MemorySegment memory, long at, int seat) {
    long word = wordOf(at, seat);
    long bit = 1L << seat;
    while (true) {
      long seen = (long) Region.LONG.getVolatile(memory, word);
      if ((seen & bit) == 0) {
        return false;
      }
      if (Region.LONG.compareAndSet(memory, word, seen, seen & ~bit)) {
        return true;
      }
    }
  }

  /** Returns whether any process waits. */
  static boolean isAny(MemorySegment memory, long at) {
    long all = 0;
    for (int i = 0; i < WORDS; i++) {
      all |= (long) Region.LONG.getVolatile(memory, at + (long) i * Long.BYTES);
    }
    return all != 0;
  }

  /**
   * Wakes one process that waits, if any does; those in seats from {@code seat} on come first.
   *
   * @return its seat; -1 if none waits
   */
  static int ringOne(Region region, long at, int seat) {
    int rung = ringOne(region, at, seat, Bell.SEATS);
    return rung >= 0 || seat == 0 ? rung : ringOne(region, at, 0, seat);
  }

  /** Wakes one process that waits and has a seat after this one, if any does. */
  static void ringOneAfter(Region region, long at, int seat) {
    int _ = ringOne(region, at, seat + 1, Bell.SEATS);
  }

  private static int ringOne(Region region, long at, int from, int to) {
    MemorySegment memory = region.segment();
    for (int i = from / Long.SIZE; i * Long.SIZE < to; i++) {
      long word = at + (long) i * Long.BYTES;
      int begin = i * Long.SIZE;
      long these = from <= begin ? -1L : -1L << from;
      these &= to - begin >= Long.SIZE ? -1L : ~(-1L << to);
      while (true) {
        long seen = (long) Region.LONG.getVolatile(memory, word);
        if ((seen & these) == 0) {
          break;
        }
        int first = Long.numberOfTrailingZeros(seen & these);
        if (Region.LONG.compareAndSet(memory, word, seen, seen & ~(1L << first))) {
          int rung = begin + first;
          region.ring(rung, at);
          return rung;
        }
      }
    }
    return -1;
  }

  /** Wakes every process that waits. */
  static void ringAll(Region region, long at) {
    MemorySegment memory = region.segment();
    for (int i = 0; i < WORDS; i++) {
      long word = at + (long) i * Long.BYTES;
      long seen = (long) Region.LONG.getVolatile(memory, word);
      while (seen != 0 && !Region.LONG.compareAndSet(memory, word, seen, 0L)) {
        seen = (long) Region.LONG.getVolatile(memory, word);
      }
      for (long left = seen; left != 0; left &= left - 1) {
        region.ring(i * Long.SIZE + Long.numberOfTrailingZeros(left), at);
      }
    }
  }
}
