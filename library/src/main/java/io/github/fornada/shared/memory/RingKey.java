package io.github.fornada.shared.memory;

/**
 * Names what is rung for: a line of a shared object, in each process by the same number. Two
 * objects may have the same key: then a thread wakes that has nothing to wake for, and sleeps on.
 */
final class RingKey {
  private static final int LINE_BITS = 8; // a page has 64 lines
  private static final long LINE = (1L << LINE_BITS) - 1;

  // Lines that no object has.
  private static final long EVERY_LINE = LINE;
  private static final long NO_LINE = LINE - 1;

  /** For whoever waits, whatever for. */
  static final long EVERYBODY = -1L << LINE_BITS | EVERY_LINE;

  /** For nobody. */
  static final long NOBODY = -1L << LINE_BITS | NO_LINE;

  private RingKey() {}

  /**
   * Returns the key of all lines of an object.
   *
   * @param name the object's name
   */
  static long ofObject(String name) {
    return (long) name.hashCode() << LINE_BITS | EVERY_LINE;
  }

  /**
   * Returns the key of one line.
   *
   * @param object the key of all lines
   * @param at a place in that line, in bytes from the beginning of the first page
   */
  static long ofLine(long object, long at) {
    return (object & ~LINE) | Region.lineOf(at);
  }

  /** Returns whether a ring for {@code rung} is for one that waits for {@code awaited}. */
  static boolean isFor(long rung, long awaited) {
    return rung == awaited || rung == (awaited | EVERY_LINE) || rung == EVERYBODY;
  }
}
