package io.github.fornada.spi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The state of each item of a batch. Every change of one item is atomic. Consecutive items can be
 * changed together at the cost of one, because each takes only two bits of a word.
 *
 * <p>WAITING -> RUNNING (claim) -> ENDED (end); RUNNING -> WAITING (release); WAITING -> ENDED
 * (refuse).
 */
final class ItemStates {
  static final int WAITING = 0b00;
  static final int RUNNING = 0b01;
  static final int ENDED = 0b11;

  private static final int PER_WORD = 32;

  /** The lower bits of all items in a word. */
  private static final long ONES = 0x5555_5555_5555_5555L;

  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  private final int size;
  private final long[] words;

  ItemStates(int size) {
    this.size = size;
    this.words = new long[(size + PER_WORD - 1) / PER_WORD];
    int used = size % PER_WORD;
    if (used > 0) {
      words[words.length - 1] = -1L << (2 * used); // positions without an item are ENDED
    }
  }

  int size() {
    return size;
  }

  private long word(int k) {
    return (long) WORD.getVolatile(words, k);
  }

  private static int shift(int i) {
    return 2 * (i % PER_WORD);
  }

  int get(int i) {
    return (int) (word(i / PER_WORD) >>> shift(i)) & 0b11;
  }

  /** Moves one item from one state to another; returns false if it is not in state {@code from}. */
  boolean move(int i, int from, int to) {
    int shift = shift(i);
    while (true) {
      long seen = word(i / PER_WORD);
      if ((seen >>> shift & 0b11) != from) {
        return false;
      }
      if (WORD.compareAndSet(words, i / PER_WORD, seen, seen ^ (long) (from ^ to) << shift)) {
        return true;
      }
    }
  }

  /** Ends an item whatever its state, and returns the previous state. */
  int end(int i) {
    int shift = shift(i);
    long before = (long) WORD.getAndBitwiseOr(words, i / PER_WORD, (long) ENDED << shift);
    return (int) (before >>> shift) & 0b11;
  }

  /**
   * Claims the first waiting item from position {@code from} on, and returns its position; -1 if
   * none waits.
   */
  int claim(int from) {
    for (int k = from / PER_WORD; k < words.length; k++) {
      long wanted = k == from / PER_WORD ? -1L << shift(from) : -1L;
      while (true) {
        long seen = word(k);
        long waiting = waiting(seen) & wanted;
        if (waiting == 0) {
          break;
        }
        long lowest = Long.lowestOneBit(waiting);
        if (WORD.compareAndSet(words, k, seen, seen | lowest)) {
          return k * PER_WORD + Long.numberOfTrailingZeros(lowest) / 2;
        }
      }
    }
    return -1;
  }

  /**
   * Claims the waiting items from position {@code first} on, up to the first that does not wait;
   * returns how many.
   */
  int claimRow(int first, int most) {
    return moveRow(first, most, WAITING);
  }

  /**
   * Ends the running items from position {@code first} on, up to the first that does not run;
   * returns how many.
   */
  int endRow(int first, int most) {
    return moveRow(first, most, RUNNING);
  }

  /** Moves consecutive items that are all in one state, WAITING or RUNNING, to the next state. */
  private int moveRow(int first, int most, int from) {
    int end = first + Math.min(most, size - first);
    int i = first;
    while (i < end) {
      int shift = shift(i);
      int length = Math.min(PER_WORD - i % PER_WORD, end - i);
      long seen = word(i / PER_WORD);
      long ready = (from == WAITING ? waiting(seen) : running(seen)) >>> shift;
      // The lowest bit that is not set belongs to the first item that is not ready.
      int n = Math.min(Long.numberOfTrailingZeros(~ready & ONES) / 2, length);
      if (n == 0) {
        break;
      }
      long row = ONES >>> (2 * (PER_WORD - n)) << shift;
      // From WAITING sets the lower bit, from RUNNING the upper bit.
      if (WORD.compareAndSet(
          words, i / PER_WORD, seen, seen | (from == WAITING ? row : row << 1))) {
        i += n;
        if (n < length) {
          break;
        }
      }
    }
    return i - first;
  }

  /** Returns how many items wait. */
  int waiting() {
    int sum = 0;
    for (int k = 0; k < words.length; k++) {
      sum += Long.bitCount(waiting(word(k)));
    }
    return sum;
  }

  boolean hasWaiting() {
    for (int k = 0; k < words.length; k++) {
      if (waiting(word(k)) != 0) {
        return true;
      }
    }
    return false;
  }

  /** Returns a word with the lower bit set of each item that waits. */
  private static long waiting(long word) {
    return ~(word | word >>> 1) & ONES;
  }

  /** Returns a word with the lower bit set of each item that runs. */
  private static long running(long word) {
    return word & ~(word >>> 1) & ONES;
  }
}
