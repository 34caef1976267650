package io.github.fornada.scenarios.gil;

import java.util.Arrays;

/**
 * A look-alike of libraries that keep their scratch memory in static fields, and therefore let one
 * thread in at a time: LibSVM, older image and PDF libraries, many wrappers of native code.
 */
final class LegacyChecksum {
  private static final int[] SCRATCH = new int[256];

  private LegacyChecksum() {}

  /** Returns a checksum of what {@code seed} stands for. */
  static synchronized int of(int seed) {
    Arrays.fill(SCRATCH, seed);
    int state = seed | 1;
    for (int round = 0; round < 4_000; round++) {
      for (int i = 0; i < SCRATCH.length; i++) {
        state = state * 1_664_525 + 1_013_904_223;
        SCRATCH[i] ^= state >>> 7;
      }
    }
    return Arrays.hashCode(SCRATCH);
  }
}
