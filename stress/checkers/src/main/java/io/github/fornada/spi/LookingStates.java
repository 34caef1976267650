package io.github.fornada.spi;

/**
 * A twin of {@link ItemStates}, of one word, that must be caught: it reads the word, and sets it
 * later.
 */
final class LookingStates {
  private volatile long word;

  /** Claims a number of items from an index on, if all of them wait; returns whether they did. */
  boolean claimRow(int first, int count) {
    long seen = word;
    for (int i = first; i < first + count; i++) {
      if ((seen >>> (2 * i) & 0b11) != ItemStates.WAITING) {
        return false;
      }
    }
    for (int i = first; i < first + count; i++) {
      seen |= (long) ItemStates.RUNNING << (2 * i);
    }
    word = seen;
    return true;
  }
}
