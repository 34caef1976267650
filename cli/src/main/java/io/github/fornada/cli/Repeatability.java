package io.github.fornada.cli;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks whether every run gave every item the same result. If not, the function depends on more
 * than its argument: for example on the clock, or on static fields that two threads change at once.
 */
final class Repeatability {
  private int[] hashes = new int[16];
  private final BitSet known = new BitSet();
  private final BitSet different = new BitSet();
  private int next;

  /** Begins another run: the results that follow are its results, from its first item on. */
  void beginRun() {
    next = 0;
  }

  /** Notes the result of the next item. */
  void result(@Nullable String text) {
    if (next == hashes.length) {
      hashes = Arrays.copyOf(hashes, hashes.length * 2);
    }
    int hash = text == null ? 0 : text.hashCode();
    if (!known.get(next)) {
      known.set(next);
      hashes[next] = hash;
    } else if (hashes[next] != hash) {
      different.set(next);
    }
    next++;
  }

  /** Notes that the next item has no result; its failure is reported elsewhere. */
  void failure() {
    if (next == hashes.length) {
      hashes = Arrays.copyOf(hashes, hashes.length * 2);
    }
    next++;
  }

  /** Returns a sentence about differing results; empty if there are none. */
  Optional<String> sentence(int items) {
    int n = differing();
    return n == 0
        ? Optional.empty()
        : Optional.of(
            n
                + " of "
                + Words.count(items, "result")
                + " differed from run to run: the function depends on more than its argument (the"
                + " clock, say), or it is not safe to run at once.");
  }

  /** Returns how many items had different results in different runs. */
  int differing() {
    return different.cardinality();
  }
}
