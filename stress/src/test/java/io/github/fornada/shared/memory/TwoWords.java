package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;

/** A planted fault: a lock whose owner is in a second word, as in many libraries. */
final class TwoWords {
  private TwoWords() {}

  /** Stands in for the class of the same name. */
  static final class OwnerWord {
    private static final long WHO = 48;
    private static final long DIED = 56;
    static final long BITS = Long.BYTES;
    static final long TAKEN = -1;
    static final long MAX_ID = 1 << 20;

    private OwnerWord() {}

    static long tryTake(MemorySegment memory, long at, long id) {
      if (!Region.LONG.compareAndSet(memory, at, 0L, 1L)) {
        return TAKEN;
      }
      Region.LONG.setVolatile(memory, at + WHO, id);
      long died = (long) Region.LONG.getVolatile(memory, at + DIED);
      Region.LONG.setVolatile(memory, at + DIED, 0L);
      return died;
    }

    static boolean ask(MemorySegment memory, long at, int seat) {
      return true;
    }

    static void withdraw(MemorySegment memory, long at, int seat) {}

    static void release(Region region, long at, long died) {
      MemorySegment memory = region.segment();
      Region.LONG.setVolatile(memory, at + WHO, 0L);
      Region.LONG.setVolatile(memory, at, 0L);
      ringNext(region, at);
    }

    static void ringNext(Region region, long at) {
      int _ = WaitBits.ringOne(region, at + BITS, 0);
    }

    static boolean isFree(MemorySegment memory, long at) {
      return (long) Region.LONG.getVolatile(memory, at) == 0;
    }

    static boolean isOwnedBy(MemorySegment memory, long at, long id) {
      return false;
    }

    static boolean wasUsedBy(MemorySegment memory, long at, long dead) {
      return (long) Region.LONG.getVolatile(memory, at + WHO) == dead;
    }

    static void recover(MemorySegment memory, long at, long dead, int seat) {
      if (wasUsedBy(memory, at, dead)) {
        Region.LONG.setVolatile(memory, at + DIED, dead);
        Region.LONG.setVolatile(memory, at + WHO, 0L);
        Region.LONG.setVolatile(memory, at, 0L);
      }
      boolean _ = WaitBits.clear(memory, at + BITS, seat);
    }
  }
}
