package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;

/**
 * A place where a number of threads of several processes meet, again and again.
 *
 * <p>Each party has a word: the last round in which somebody has come as that party, and the number
 * of the process that did. One more word has the round that is going on, and whether it was broken,
 * and by whom. A round is over by the one compare-and-set that changes that word. Any process that
 * sees all parties there may make it, so a death of the last to come stops nobody.
 */
public final class Rendezvous {
  /** Returned by {@link #await} if the rendezvous is broken. */
  public static final int BROKEN = -1;

  // The state: the round, why it is broken, and the number of the process that broke it.
  private static final long ID = (1L << 28) - 1;
  private static final int WHY_SHIFT = 28;
  private static final long WHY = 3L << WHY_SHIFT;
  private static final int ROUND_SHIFT = 30;

  // OPEN -> DIED, or OPEN -> GAVE_UP. Broken for good: so who has slept long still knows whether
  // its
  // own round was.
  private static final long DIED = 1L << WHY_SHIFT;
  private static final long GAVE_UP = 2L << WHY_SHIFT;

  private static final int STATE = 1;

  /** The best choice of a party: the one that this process was in the round before. */
  private static final int OWN = 3;

  /** The shape of a region for so many parties. */
  public static Region.Shape shape(int parties) {
    return new Region.Shape(0, 1, parties, Region.ClaimedBy.ROUND, parties);
  }

  /** Returns the bytes of the content of a region for so many parties. */
  public static long sizeFor(int parties) {
    return (long) parties * Long.BYTES;
  }

  private final Region region;
  private final WaitPoint state;

  public Rendezvous(Region region) {
    this.region = region;
    this.state = new WaitPoint(region, STATE);
  }

  Region region() {
    return region;
  }

  public int parties() {
    return (int) region.parameter();
  }

  // A word of a party: one more than the round, so that 0 is never, and the number of the process.

  private static long word(long round, long id) {
    return (round + 1) << ROUND_SHIFT | id;
  }

  private static long roundOf(long word) {
    return (word >>> ROUND_SHIFT) - 1;
  }

  private static long wordAt(MemorySegment memory, int party) {
    return (long) Region.LONG.getVolatile(memory, placeOf(party));
  }

  private static long placeOf(int party) {
    return Region.PAGE + (long) party * Long.BYTES;
  }

  // ---- meeting

  /**
   * Comes to the round that is going on, and waits until all parties have. Who gives up breaks it.
   *
   * @param nanos how long to wait at most
   * @return the number of the party that this was, from 0; or {@link #BROKEN}
   */
  public int await(long nanos) throws InterruptedException {
    if (Thread.interrupted()) {
      breakOff();
      throw new InterruptedException("interrupted before waiting at a shared barrier");
    }
    MemorySegment memory = region.segment();
    long id = region.bell().id();
    while (true) {
      long seen = state.get();
      if ((seen & WHY) != 0) {
        return BROKEN;
      }
      long round = seen >>> ROUND_SHIFT;
      int party = come(memory, round, id);
      if (party >= 0) {
        return awaitEnd(memory, round, nanos) ? party : BROKEN;
      }
      complete(memory, round); // all have come, and whoever was the last has not yet said so
    }
  }

  /**
   * Comes as a party that has not yet come to this round: the one that this process was in the
   * round before, or else one that nobody was, or else any.
   *
   * @return -1 if all have come
   */
  private int come(MemorySegment memory, long round, long id) {
    while (true) {
      int best = -1;
      int bestChoice = 0;
      long bestSeen = 0;
      for (int party = 0; party < parties() && bestChoice < OWN; party++) {
        long seen = wordAt(memory, party);
        int choice =
            roundOf(seen) >= round
                ? 0
                : seen == word(round - 1, id) ? OWN : roundOf(seen) < round - 1 ? 2 : 1;
        if (choice > bestChoice) {
          best = party;
          bestChoice = choice;
          bestSeen = seen;
        }
      }
      if (best < 0 || Region.LONG.compareAndSet(memory, placeOf(best), bestSeen, word(round, id))) {
        return best;
      }
    }
  }

  private static boolean haveAllCome(MemorySegment memory, int parties, long round) {
    for (int party = 0; party < parties; party++) {
      if (roundOf(wordAt(memory, party)) < round) {
        return false;
      }
    }
    return true;
  }

  /** Ends the round if all have come, unless somebody else ends or breaks it. */
  private void complete(MemorySegment memory, long round) {
    if (haveAllCome(memory, parties(), round)
        && state.compareAndSet(round << ROUND_SHIFT, (round + 1) << ROUND_SHIFT)) {
      state.ringAll();
    }
  }

  /** Returns whether the round has ended; false if it was broken. */
  private boolean awaitEnd(MemorySegment memory, long round, long nanos)
      throws InterruptedException {
    complete(memory, round);
    boolean changed = false;
    try {
      changed = state.await(nanos, () -> state.get() != round << ROUND_SHIFT);
    } catch (InterruptedException e) {
      breakRound(round);
      if (hasEnded(round)) {
        Thread.currentThread().interrupt(); // as if it came afterwards
        return true;
      }
      throw e;
    } catch (RuntimeException | OutOfMemoryError e) { // such as no descriptor to listen with
      if (region.isOpen()) {
        breakRound(round); // the others would meet one that is not there
      }
      throw e;
    }
    if (!changed) {
      breakRound(round);
    }
    return hasEnded(round);
  }

  private boolean hasEnded(long round) {
    return state.get() >>> ROUND_SHIFT > round;
  }

  private void breakRound(long round) {
    if (state.compareAndSet(
        round << ROUND_SHIFT, round << ROUND_SHIFT | GAVE_UP | region.bell().id())) {
      state.ringAll();
    }
  }

  /** Breaks it, unless it is broken. */
  public void breakOff() {
    long seen = state.get();
    while ((seen & WHY) == 0) {
      breakRound(seen >>> ROUND_SHIFT);
      seen = state.get();
    }
  }

  /** Returns how many have come to the round that is going on. */
  public int waiting() {
    MemorySegment memory = region.segment();
    long round = state.get() >>> ROUND_SHIFT;
    int come = 0;
    for (int party = 0; party < parties(); party++) {
      come += roundOf(wordAt(memory, party)) == round ? 1 : 0;
    }
    return come;
  }

  public boolean isBroken() {
    return (state.get() & WHY) != 0;
  }

  /** Returns the number of the process whose death broke it; 0 if none did. */
  public long brokenByDeathOf() {
    long seen = state.get();
    return (seen & WHY) == DIED ? seen & ID : 0;
  }

  // ---- deaths

  static boolean wasUsedBy(MemorySegment page, int parties, long dead) {
    for (int party = 0; party < parties; party++) {
      if ((wordAt(page, party) & ID) == dead) {
        return true;
      }
    }
    return false;
  }

  /**
   * Breaks the round if the dead process waits in it, or was in the one before and has not come
   * back: the others would wait for it for ever. A process that was asked to leave has no task that
   * would come back. All that wait must be rung afterwards.
   */
  static void recover(MemorySegment page, int parties, long dead, boolean asked) {
    long at = Region.line(STATE);
    while (true) {
      long seen = (long) Region.LONG.getVolatile(page, at);
      long round = seen >>> ROUND_SHIFT;
      if ((seen & WHY) != 0 || !isMissed(page, parties, dead, round, asked)) {
        return;
      }
      // If all have come it has met them, and is missed in the next round only.
      boolean complete = haveAllCome(page, parties, round);
      long next = complete ? (round + 1) << ROUND_SHIFT : seen | DIED | dead;
      if (Region.LONG.compareAndSet(page, at, seen, next) && !complete) {
        return;
      }
    }
  }

  private static boolean isMissed(
      MemorySegment page, int parties, long dead, long round, boolean asked) {
    for (int party = 0; party < parties; party++) {
      long word = wordAt(page, party);
      if ((word & ID) == dead && roundOf(word) >= (asked ? round : round - 1)) {
        return true;
      }
    }
    return false;
  }
}
