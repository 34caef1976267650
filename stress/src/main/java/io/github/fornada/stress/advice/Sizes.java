package io.github.fornada.stress.advice;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

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

  /**
   * Sizes in random order whose mean is exact after each {@link #EVEN} of them, so that a short
   * simulation tells as much as a long one.
   */
  static final class Even {
    private static final int EVEN = 256;
    private static final double[][] TABLES = new double[STEPS.length][EVEN];

    static {
      for (int t = 0; t < STEPS.length; t++) {
        // The mean of each part of the sorted table.
        double[] sorted = Sizes.TABLES[t].clone();
        Arrays.sort(sorted);
        for (int i = 0; i < COUNT; i++) {
          TABLES[t][i * EVEN / COUNT] += sorted[i] * EVEN / COUNT;
        }
      }
    }

    private static final int[] ORDER = new int[EVEN];

    static {
      var random = new SplittableRandom(2);
      for (int i = 0; i < EVEN; i++) {
        int j = random.nextInt(i + 1);
        ORDER[i] = ORDER[j];
        ORDER[j] = i;
      }
    }

    private final double @Nullable [] table;
    private final SplittableRandom random;
    private int at;
    private int stride = 1;
    private int left;

    Even(double variation, SplittableRandom random) {
      table = variation == 0 ? null : TABLES[step(variation)];
      this.random = random;
    }

    double next() {
      if (table == null) {
        return 1;
      }
      if (left == 0) {
        left = EVEN;
        at = random.nextInt(EVEN);
        stride = 2 * random.nextInt(EVEN / 2) + 1;
      }
      left--;
      at = (at + stride) & (EVEN - 1);
      return table[ORDER[at]];
    }
  }

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
    return TABLES[step(variation)];
  }

  private static int step(double variation) {
    for (int t = 0; t < STEPS.length; t++) {
      if (variation <= STEPS[t]) {
        return t;
      }
    }
    return STEPS.length - 1;
  }

  static double normal(SplittableRandom random) {
    return NORMAL[random.nextInt() & (COUNT - 1)];
  }
}
