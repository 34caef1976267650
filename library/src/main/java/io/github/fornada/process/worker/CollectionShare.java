package io.github.fornada.process.worker;

import java.time.Duration;

/**
 * Decides whether a process with a full heap does hardly anything but collect it. It looks at
 * processor time, so that other work on the machine does not change what it says.
 */
final class CollectionShare {
  /** So much of its processor time, as HotSpot's GCTimeLimit has it. */
  private static final double MOST = 0.98;

  private static final long TICK_NANOS = Duration.ofMillis(10).toNanos();

  /** Processor time of collections, in ticks, before a stretch is judged. */
  private static final long ENOUGH = 200; // Guess: two seconds

  /** A stretch without so much is over: the process works, or waits, or gets no processor. */
  private static final long WITHIN_NANOS = Duration.ofSeconds(4).toNanos();

  /** So many stretches in a row. One may be a single collection of a large heap. */
  private static final int IN_A_ROW = 2;

  private boolean begun;
  private long began;
  private long collectingThen;
  private long allThen;
  private int inARow;

  /**
   * Takes a look into account. Called again and again for as long as the heap is full.
   *
   * @param now by {@link System#nanoTime}
   * @param collecting the processor time of the collector so far, in hundredths of a second
   * @param all that of the process
   * @return whether it must be ended
   */
  boolean isHopeless(long now, long collecting, long all) {
    long since = collecting - collectingThen;
    if (begun && since < ENOUGH && now - began <= WITHIN_NANOS) {
      return false;
    }
    boolean isBad =
        begun
            && since >= ENOUGH
            && since >= MOST * (all - allThen)
            && now - began <= 2 * since * TICK_NANOS;
    inARow = isBad ? inARow + 1 : 0;
    begun = true;
    began = now;
    collectingThen = collecting;
    allThen = all;
    return inARow == IN_A_ROW;
  }
}
