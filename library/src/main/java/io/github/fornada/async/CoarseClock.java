package io.github.fornada.async;

/**
 * Coarse times in an int, for objects that exist in large numbers: in units of 2^20 ns, good for
 * differences of up to 24 days.
 */
final class CoarseClock {
  private static final int SHIFT = 20;

  private CoarseClock() {}

  static int now() {
    return (int) (System.nanoTime() >>> SHIFT);
  }

  /** Returns the nanoseconds from one such time to another. */
  static long nanosBetween(int from, int to) {
    return (long) (to - from) << SHIFT;
  }
}
