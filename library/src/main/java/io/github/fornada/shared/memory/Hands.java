package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Which element each process has received last from an {@link ElementRing}, so that the end of a
 * process can name the element that is gone with it. A word a process: its number, and the
 * element's. Written by the process, under the receivers' lock, before the head moves.
 */
final class Hands {
  private static final long ID = OwnerWord.MAX_ID;
  private static final int NUMBER_SHIFT = 28;

  private static final int COUNT = Bell.SEATS;
  private static final long START = Region.PAGE + ElementRing.TEXT_BYTES + Leases.BYTES;

  /** Bytes of the table. */
  static final int BYTES = COUNT * Long.BYTES;

  private final Region region;

  /** The place of this process's word; -1 until it has one. Guarded by the receivers' lock. */
  private long own = -1;

  Hands(Region region) {
    this.region = region;
  }

  private static long placeOf(int i) {
    return START + (long) i * Long.BYTES;
  }

  /** Notes that this process is about to take the element with this number, and those before. */
  void take(long number) {
    MemorySegment memory = region.segment();
    long id = region.bell().id();
    if (own < 0) {
      own = find(memory, id);
    }
    if (own >= 0) { // else more processes receive than have words: no harm but an unnamed element
      // Before the head moves; the parent reads it after the end of this process.
      Region.LONG.setRelease(memory, own, number << NUMBER_SHIFT | id);
    }
  }

  private static long find(MemorySegment memory, long id) {
    for (int i = 0; i < COUNT; i++) {
      if (Region.LONG.compareAndSet(memory, placeOf(i), 0L, id)) {
        return placeOf(i);
      }
    }
    return -1;
  }

  /** Returns the last element that a dead process had received, in words; null if none. */
  static @Nullable String recover(MemorySegment page, long dead) {
    for (int i = 0; i < COUNT; i++) {
      long word = (long) Region.LONG.getVolatile(page, placeOf(i));
      if ((word & ID) == dead) {
        Region.LONG.setVolatile(page, placeOf(i), 0L);
        long number = word >>> NUMBER_SHIFT;
        return number == 0 || ElementRing.wasTaking(page, dead, number)
            ? null
            : "element number " + number;
      }
    }
    return null;
  }
}
