package io.github.fornada.spi;

/** A twin of {@link ItemStates}, of one word, that must be caught: it looks, and sets it later. */
final class LookingStates {
  private volatile long word;

  /** Claims so many items from a place on, if all of them wait; whether they did. */
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
