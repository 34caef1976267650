package io.github.fornada.stress.advice;

import java.util.SplittableRandom;

/** Random times with mean 1: log-normal, drawn from a table because that is fast. */
final class Sizes {
  private static final int COUNT = 4096;
  private static final double[] NORMAL = new double[COUNT];

  static {
    var random = new SplittableRandom(1);
    for (int i = 0; i < COUNT; i++) {
      NORMAL[i] = random.nextGaussian();
    }
  }

  private static final double[] STEPS = {0.2, 0.5, 1, 1.5};
  private static final double[][] TABLES = new double[STEPS.length][COUNT];

  static {
    for (int t = 0; t < STEPS.length; t++) {
      double sigma = Math.sqrt(Math.log(1 + STEPS[t] * STEPS[t]));
      double sum = 0;
      for (int i = 0; i < COUNT; i++) {
        TABLES[t][i] = Math.exp(sigma * NORMAL[i]);
        sum += TABLES[t][i];
      }
      for (int i = 0; i < COUNT; i++) {
        TABLES[t][i] *= COUNT / sum;
      }
    }
  }

  private Sizes() {}

  /** Returns a random size whose standard deviation is {@code variation}. */
  static double of(double variation, SplittableRandom random) {
    return variation == 0 ? 1 : table(variation)[random.nextInt() & (COUNT - 1)];
  }

  /** Returns the size of the item with this index: the same whenever it is asked for. */
  static double of(double variation, long seed, long index) {
    if (variation == 0) {
      return 1;
    }
    long mixed = (seed + index) * 0x9E3779B97F4A7C15L;
    return table(variation)[(int) (mixed >>> 40) & (COUNT - 1)];
  }

  private static double[] table(double variation) {
    for (int t = 0; t < STEPS.length; t++) {
      if (variation <= STEPS[t]) {
        return TABLES[t];
      }
    }
    return TABLES[STEPS.length - 1];
  }

  static double normal(SplittableRandom random) {
    return NORMAL[random.nextInt() & (COUNT - 1)];
  }
}
