package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;

/**
 * Permits that processes take and give back, a word each: the number of the process that has it, or
 * 0, and how often the word was changed. A count beside a list of owners would lose a permit with a
 * process that dies between the two.
 */
public final class Permits {
  private static final long ID = OwnerWord.MAX_ID;
  private static final int CHANGES_SHIFT = 28;

  /** The shape of a region with so many permits. */
  public static Region.Shape shape(int permits) {
    return new Region.Shape(0, 1, permits, Region.ClaimedBy.NUMBER, permits);
  }

  private final Region region;
  private final WaitPoint point;

  public Permits(Region region) {
    this.region = region;
    this.point = new WaitPoint(region, 1);
  }

  /** Returns the bytes of the content of a region with so many permits. */
  public static long sizeFor(int permits) {
    return (long) permits * Long.BYTES;
  }

  private static long wordOf(long number) {
    return Region.PAGE + number * Long.BYTES;
  }

  /** Takes a permit if one is free. */
  public boolean tryAcquire() {
    long id = region.bell().id();
    long before = -1;
    while (!change(0, id)) {
      // None was free at one moment only if none was changed meanwhile: else one may have become
      // free behind the look at it, while another was taken before the look at that.
      long now = changes();
      if (now == before) {
        return false;
      }
      before = now;
    }
    return true;
  }

  /** Returns how often all words together were changed. */
  private long changes() {
    MemorySegment memory = region.segment();
    long count = region.parameter();
    long changes = 0;
    for (long i = 0; i < count; i++) {
      changes += (long) Region.LONG.getVolatile(memory, wordOf(i)) >>> CHANGES_SHIFT;
    }
    return changes;
  }

  /** Changes the first word with the owner {@code from}; returns whether there was one. */
  private boolean change(long from, long to) {
    MemorySegment memory = region.segment();
    long count = region.parameter();
    for (long i = 0; i < count; i++) {
      if (change(memory, wordOf(i), from, to)) {
        return true;
      }
    }
    return false;
  }

  private static boolean change(MemorySegment memory, long at, long from, long to) {
    while (true) {
      long seen = (long) Region.LONG.getVolatile(memory, at);
      if ((seen & ID) != from) {
        return false;
      }
      long next = ((seen >>> CHANGES_SHIFT) + 1) << CHANGES_SHIFT | to;
      if (Region.LONG.compareAndSet(memory, at, seen, next)) {
        return true;
      }
    }
  }

  /** Takes back the permits of a process that is gone. */
  static void recover(MemorySegment page, int permits, long dead) {
    for (long i = 0; i < permits; i++) {
      boolean _ = change(page, wordOf(i), dead, 0);
    }
  }

  /**
   * Takes a permit.
   *
   * @param nanos how long to wait at most
   * @return whether it was taken
   */
  public boolean acquire(long nanos) throws InterruptedException {
    long began = System.nanoTime();
    while (!tryAcquire()) {
      long left =
          nanos == Mutex.FOR_EVER ? nanos : Math.max(0, nanos - (System.nanoTime() - began));
      if (!point.await(left, () -> available() > 0)) {
        return false;
      }
    }
    if (available() > 0) {
      point.ringOne(); // another may have one too
    }
    return true;
  }

  /** Gives back a permit that this process has; returns false if it has none. */
  public boolean release() {
    boolean had = change(region.bell().id(), 0);
    if (had) {
      point.ringOne();
    }
    return had;
  }

  /** Returns how many are free now. */
  public int available() {
    MemorySegment memory = region.segment();
    long count = region.parameter();
    int free = 0;
    for (long i = 0; i < count; i++) {
      free += ((long) Region.LONG.getVolatile(memory, wordOf(i)) & ID) == 0 ? 1 : 0;
    }
    return free;
  }
}
