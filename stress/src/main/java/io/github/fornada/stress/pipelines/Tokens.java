package io.github.fornada.stress.pipelines;

/**
 * Names of items: the place in the source, and below it the place among what each flat stage made.
 * Tokens are in the order in which a plain loop comes to the items.
 */
final class Tokens {
  /** The stages of a pipeline at most: each has its bits. */
  static final int DEPTHS = 4;

  /** The items that a flat stage may make of one. */
  static final int MOST_CHILDREN = 1000;

  private static final int CHILD_BITS = 10;
  private static final int SOURCE_SHIFT = DEPTHS * CHILD_BITS;
  private static final long AFTER_ALL = (1 << CHILD_BITS) - 1;

  private Tokens() {}

  static long ofSource(long index) {
    return index << SOURCE_SHIFT;
  }

  /** Returns the place in the source. */
  static long index(long token) {
    return token >>> SOURCE_SHIFT;
  }

  static long child(long token, int depth, int k) {
    return token + ((k + 1L) << shift(depth));
  }

  /** Returns what stands for the end of an item in a flat stage: it comes after its children. */
  static long afterChildren(long token, int depth) {
    return token + (AFTER_ALL << shift(depth));
  }

  /** Returns the item that this one was when it came to the stage at {@code depth}. */
  static long ancestor(long token, int depth) {
    return token & -(1L << (shift(depth) + CHILD_BITS));
  }

  private static int shift(int depth) {
    return SOURCE_SHIFT - CHILD_BITS * (depth + 1);
  }

  /** Returns a number from 0 to 1 that is always the same for these arguments. */
  static double draw(long seed, int salt, long token) {
    long z = seed * 0x9E3779B97F4A7C15L + salt * 0xC2B2AE3D27D4EB4FL + token * 0x165667B19E3779F9L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return ((z ^ (z >>> 31)) >>> 11) * 0x1.0p-53;
  }
}
