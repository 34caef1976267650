package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;

/**
 * Decides which process owns something: one word in shared memory, changed by compare-and-set only.
 *
 * <p>The word holds the owner's number itself, so it is owned exactly while an owner is known, and
 * whoever clears up after a process that died finds in this word alone whether that process had it.
 * Beside the owner it holds what must change together with it:
 *
 * <ul>
 *   <li>while owned: the seat of a process that has waited too long, to which the owner hands the
 *       word over when it is done; and whether the owner was handed it and has not yet noticed;
 *   <li>while free: the number of the owner that died with it, until the next one was told.
 * </ul>
 *
 * <p>In the same line of memory is the mask of the processes that wait: see {@link WaitBits}.
 */
final class OwnerWord {
  private static final long OWNER = (1L << 28) - 1;
  private static final long HANDED = 1L << 28;
  private static final long ABANDONED = 1L << 29;
  private static final int HIGH = 32;

  /**
   * Where the time is, from the word, at which the last hand-over was noticed, by {@link
   * System#nanoTime}. Only tells when to ask for another: nothing goes wrong if it is old, or of
   * another clock.
   */
  static final long HANDED_AT = 48;

  /**
   * Where the seat is, from the word, that is rung next. Only makes all that wait have their turn:
   * nothing goes wrong if it is old.
   */
  private static final long NEXT = 56;

  /** The largest number of a process. */
  static final long MAX_ID = OWNER;

  /** Where the mask of those that wait is, from the word. */
  static final long BITS = Long.BYTES;

  /** Returned by {@link #tryTake} if another process has it. */
  static final long TAKEN = -1;

  private OwnerWord() {}

  /**
   * Takes the word if it is free, or was handed to this process.
   *
   * @return 0; or the number of the owner that died with it; or {@link #TAKEN}
   */
  static long tryTake(MemorySegment memory, long at, long id) {
    while (true) {
      long seen = (long) Region.LONG.getVolatile(memory, at);
      long owner = seen & OWNER;
      if (owner == 0) {
        if (Region.LONG.compareAndSet(memory, at, seen, id)) {
          return seen >>> HIGH;
        }
      } else if (owner == id && (seen & HANDED) != 0) {
        if (Region.LONG.compareAndSet(memory, at, seen, seen & ~HANDED)) {
          Region.LONG.setVolatile(memory, at + HANDED_AT, System.nanoTime());
          return 0;
        }
      } else {
        return TAKEN;
      }
    }
  }

  /**
   * Asks the owner to hand the word over to the process in {@code seat}, unless it will be handed
   * to another. Does nothing if it is free.
   *
   * @return whether it will be handed to this process
   */
  static boolean ask(MemorySegment memory, long at, int seat) {
    long wanted = (seat + 1L) << HIGH;
    while (true) {
      long seen = (long) Region.LONG.getVolatile(memory, at);
      if ((seen & OWNER) == 0 || seen >>> HIGH != 0) {
        return (seen & OWNER) != 0 && seen >>> HIGH == seat + 1L;
      }
      if (Region.LONG.compareAndSet(memory, at, seen, seen | wanted)) {
        return true;
      }
    }
  }

  /** Withdraws what {@link #ask} has asked for. */
  static void withdraw(MemorySegment memory, long at, int seat) {
    while (true) {
      long seen = (long) Region.LONG.getVolatile(memory, at);
      if ((seen & OWNER) == 0
          || seen >>> HIGH != seat + 1L
          || Region.LONG.compareAndSet(memory, at, seen, seen & (1L << HIGH) - 1)) {
        return;
      }
    }
  }

  /**
   * Frees the word, which this process owns, or hands it over to a process that has waited too
   * long; and wakes a process that waits.
   *
   * @param died the owner that died with it and that the next one must be told of; 0 for none
   */
  static void release(Region region, long at, long died) {
    MemorySegment memory = region.segment();
    while (true) {
      long seen = (long) Region.LONG.getVolatile(memory, at);
      int heir = (int) (seen >>> HIGH) - 1;
      long next = heir < 0 || died != 0 ? 0 : region.bell().idOf(heir);
      if (next != 0) {
        if (Region.LONG.compareAndSet(memory, at, seen, next | HANDED)) {
          if (!takeBackFromDead(region, at, heir, next)
              && WaitBits.clear(memory, at + BITS, heir)) { // else it is awake
            region.ring(heir, at);
          }
          return;
        }
      } else if (Region.LONG.compareAndSet(memory, at, seen, abandonedBy(died))) {
        if (WaitBits.isAny(memory, at + BITS)) {
          ringNext(region, at);
        }
        return;
      }
    }
  }

  /**
   * Frees the word if it was handed to a process that had died before. Between the looks at the
   * word and at the heir's seat, and the hand-over, the heir may have died, and what it had of this
   * word was taken back; the next process in that seat may have asked, and then the word is the
   * same again. Nobody takes it back from the dead any more.
   *
   * @param heir the seat that was to have the word
   * @param next the process that had this seat, and has the word
   * @return whether it was freed
   */
  private static boolean takeBackFromDead(Region region, long at, int heir, long next) {
    MemorySegment memory = region.segment();
    while (region.bell().idOf(heir) != next) { // a seat is free only when all was taken back
      long seen = (long) Region.LONG.getVolatile(memory, at);
      if ((seen & (OWNER | HANDED)) != (next | HANDED)) {
        return false; // it was taken back after all
      }
      // Who has asked meanwhile is rung in its turn, as with every release.
      if (Region.LONG.compareAndSet(memory, at, seen, 0L)) {
        ringNext(region, at);
        return true;
      }
    }
    return false;
  }

  /** Wakes one that waits; each in turn, because those that were woken last may wait again. */
  static void ringNext(Region region, long at) {
    MemorySegment memory = region.segment();
    int next = (int) (long) Region.LONG.getVolatile(memory, at + NEXT) & (Bell.SEATS - 1);
    int rung = WaitBits.ringOne(region, at + BITS, next);
    if (rung >= 0) {
      Region.LONG.setVolatile(memory, at + NEXT, rung + 1L);
    }
  }

  private static long abandonedBy(long died) {
    return died == 0 ? 0 : ABANDONED | died << HIGH;
  }

  /** Returns whether no process has the word. */
  static boolean isFree(MemorySegment memory, long at) {
    return ((long) Region.LONG.getVolatile(memory, at) & OWNER) == 0;
  }

  /** Returns whether this process has the word, or it was handed to it. */
  static boolean isOwnedBy(MemorySegment memory, long at, long id) {
    return ((long) Region.LONG.getVolatile(memory, at) & OWNER) == id;
  }

  /**
   * Returns whether {@code dead} owned the word and had noticed it, so that it may have used it.
   */
  static boolean wasUsedBy(MemorySegment memory, long at, long dead) {
    return ((long) Region.LONG.getVolatile(memory, at) & (OWNER | HANDED)) == dead;
  }

  /**
   * Takes back what a process that is gone had of this word. Its waiters must be rung afterwards.
   *
   * @param seat its seat; -1 for none
   */
  static void recover(MemorySegment memory, long at, long dead, int seat) {
    while (true) {
      long seen = (long) Region.LONG.getVolatile(memory, at);
      long next = seen;
      if ((seen & OWNER) == dead) {
        next = (seen & HANDED) != 0 ? 0 : abandonedBy(dead);
      } else if ((seen & OWNER) != 0 && seat >= 0 && seen >>> HIGH == seat + 1L) {
        next = seen & (1L << HIGH) - 1;
      }
      if (next == seen || Region.LONG.compareAndSet(memory, at, seen, next)) {
        break;
      }
    }
    if (seat >= 0) {
      boolean _ = WaitBits.clear(memory, at + BITS, seat);
    }
  }
}
