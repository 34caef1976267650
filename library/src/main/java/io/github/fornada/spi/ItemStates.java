package io.github.fornada.spi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Where each item of a batch stands. Every change of one item is atomic; items in a row can be
 * changed together, for the price of one, because two bits of a word are enough for each.
 *
 * <p>WAITING -> RUNNING (claim) -> ENDED (end); RUNNING -> WAITING (release); WAITING -> ENDED
 * (refuse).
 */
final class ItemStates {
  static final int WAITING = 0b00;
  static final int RUNNING = 0b01;
  static final int ENDED = 0b11;

  private static final int PER_WORD = 32;

  /** The lower bit of every item of a word. */
  private static final long ONES = 0x5555_5555_5555_5555L;

  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  private final int size;
  private final long[] words;

  ItemStates(int size) {
    this.size = size;
    this.words = new long[(size + PER_WORD - 1) / PER_WORD];
    int used = size % PER_WORD;
    if (used > 0) {
      words[words.length - 1] = -1L << (2 * used); // ENDED: places without an item wait for nothing
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

  /** Moves one item from one state to another; false if it is in any other. */
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

  /** Ends an item whatever its state, and returns that. */
  int end(int i) {
    int shift = shift(i);
    long before = (long) WORD.getAndBitwiseOr(words, i / PER_WORD, (long) ENDED << shift);
    return (int) (before >>> shift) & 0b11;
  }

  /** Claims the first item that waits, from a place on; -1 if none does. */
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

  /** Claims the items from a place on that wait, up to the first that does not; how many. */
  int claimRow(int first, int most) {
    return moveRow(first, most, WAITING);
  }

  /** Ends the items from a place on that run, up to the first that does not; how many. */
  int endRow(int first, int most) {
    return moveRow(first, most, RUNNING);
  }

  /** Items in a row that are all in one state, WAITING or RUNNING, move on to the next. */
  private int moveRow(int first, int most, int from) {
    int end = first + Math.min(most, size - first);
    int i = first;
    while (i < end) {
      int shift = shift(i);
      int length = Math.min(PER_WORD - i % PER_WORD, end - i);
      long seen = word(i / PER_WORD);
      long ready = (from == WAITING ? waiting(seen) : running(seen)) >>> shift;
      // The first item that is not ready is the lowest bit that lacks.
      int n = Math.min(Long.numberOfTrailingZeros(~ready & ONES) / 2, length);
      if (n == 0) {
        break;
      }
      long row = ONES >>> (2 * (PER_WORD - n)) << shift;
      // WAITING gets its lower bit, RUNNING its upper.
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

  boolean hasWaiting() {
    for (int k = 0; k < words.length; k++) {
      if (waiting(word(k)) != 0) {
        return true;
      }
    }
    return false;
  }

  /** The lower bit of each item that waits. */
  private static long waiting(long word) {
    return ~(word | word >>> 1) & ONES;
  }

  /** The lower bit of each item that runs. */
  private static long running(long word) {
    return word & ~(word >>> 1) & ONES;
  }
}
