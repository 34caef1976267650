package io.github.fornada.cli;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether every run gave every item the same result. Where not, the function depends on more than
 * its argument: the clock, say, or static fields that two threads change at once.
 */
final class Repeatability {
  private int[] hashes = new int[16];
  private final BitSet known = new BitSet();
  private final BitSet different = new BitSet();
  private int next;

  /** The results that follow are those of one more run, from its first item on. */
  void beginRun() {
    next = 0;
  }

  /** The result of the next item. */
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

  /** The next item has no result; its failure is reported elsewhere. */
  void failure() {
    if (next == hashes.length) {
      hashes = Arrays.copyOf(hashes, hashes.length * 2);
    }
    next++;
  }

  /** What there is to say, if anything. */
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

  /** How many items had different results in different runs. */
  int differing() {
    return different.cardinality();
  }
}
