package io.github.fornada.shared.memory;

import java.util.concurrent.locks.LockSupport;

/**
 * Decides for one side of an {@link ElementRing}, in one process, when it naps before it waits for
 * the other side.
 *
 * <p>Where many elements pass, a side that waits for each single one makes both slow: the same
 * lines of memory go to and fro between two processors, or each element costs a ring. During a nap
 * more elements come together, which are then moved in one go. It is a nap and not a wait, so
 * nobody needs to end it. One in which little has happened, or so much that the other side may have
 * had to wait, was no good: the next one is put off twice as long.
 *
 * <p>The threads of the process share this without a lock. An old value may cost a nap or make one.
 */
final class Pace {
  /** Of the order of what waking a sleeper takes. */
  private static final long NAP_NANOS = 50_000; // Guess

  /** So many elements at least are moved between two naps. */
  private static final int LEAST = 64; // Guess

  private static final int MOST = 1 << 20;

  /** With fewer than so many elements a nap was of no use. */
  private static final int USELESS = 16; // Guess

  private int moved;
  private int wanted = LEAST;

  /** Notes that elements were moved. */
  void moved(int count) {
    moved = Math.min(MOST, moved + count);
  }

  /**
   * Naps if it is time for it. An interrupt ends the nap and stays set.
   *
   * @param nanos how long at most
   * @return whether it has napped: then {@link #judge} comes next
   */
  boolean nap(long nanos) {
    if (moved < wanted || nanos <= 0) {
      return false;
    }
    moved = 0;
    LockSupport.parkNanos(this, Math.min(nanos, NAP_NANOS));
    return true;
  }

  /**
   * Learns from a nap.
   *
   * @param there how many elements, or places for elements, there are now
   * @param isMuch whether that is a large part of the ring
   */
  void judge(long there, boolean isMuch) {
    boolean wasGood = there >= USELESS && !isMuch;
    wanted = wasGood ? Math.max(LEAST, wanted / 2) : Math.min(MOST, wanted * 2);
  }
}
