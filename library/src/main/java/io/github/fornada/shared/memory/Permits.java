package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;

/**
 * Permits that processes take and give back, a word each: 0, or the number of the process that has
 * it. A count beside a list of owners would lose a permit with a process that dies between the two.
 */
public final class Permits {
  /** The shape of a region with so many permits. */
  public static Region.Shape shape(int permits) {
    return new Region.Shape(0, 1, permits, permits);
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
    return change(0, region.bell().id());
  }

  /** Changes the first word that is {@code from}; returns whether there was one. */
  private boolean change(long from, long to) {
    MemorySegment memory = region.segment();
    long count = region.parameter();
    for (long i = 0; i < count; i++) {
      if ((long) Region.LONG.getVolatile(memory, wordOf(i)) == from
          && Region.LONG.compareAndSet(memory, wordOf(i), from, to)) {
        return true;
      }
    }
    return false;
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
      free += (long) Region.LONG.getVolatile(memory, wordOf(i)) == 0 ? 1 : 0;
    }
    return free;
  }
}
