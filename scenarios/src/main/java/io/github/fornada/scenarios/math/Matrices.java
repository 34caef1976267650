package io.github.fornada.scenarios.math;

import java.util.SplittableRandom;

/**
 * Two square matrices and their product, by blocks of rows. Every JVM has the matrices once: they
 * are made from a seed, and so are never sent.
 */
final class Matrices {
  private static final int TILE = 64;

  private final int size;
  private final double[] a;
  private final double[] b;

  private static volatile Matrices latest = new Matrices(1);

  private Matrices(int size) {
    this.size = size;
    this.a = random(size, 1);
    this.b = random(size, 2);
  }

  /** Returns the matrices of this size. */
  static Matrices of(int size) {
    Matrices known = latest;
    if (known.size == size) {
      return known;
    }
    synchronized (Matrices.class) {
      if (latest.size != size) {
        latest = new Matrices(size);
      }
      return latest;
    }
  }

  private static double[] random(int size, long seed) {
    var random = new SplittableRandom(seed);
    var values = new double[size * size];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextDouble(-1, 1);
    }
    return values;
  }

  double[] a() {
    return a;
  }

  double[] b() {
    return b;
  }

  /**
   * Rows of the product.
   *
   * @param from first row
   * @param to after the last row
   * @param size of the matrices
   */
  record Rows(int from, int to, int size) {}

  /**
   * Returns these rows of the product. A tile of b stays in the cache while all rows use it; four
   * rows of b are added at a time, so that a row of the result is loaded and stored a quarter as
   * often. The order of the additions does not depend on how the rows are divided.
   */
  static double[] product(Rows rows) {
    Matrices m = of(rows.size());
    int n = m.size;
    double[] a = m.a;
    double[] b = m.b;
    var c = new double[(rows.to() - rows.from()) * n];
    for (int k0 = 0; k0 < n; k0 += TILE) {
      int k1 = Math.min(n, k0 + TILE);
      for (int i = rows.from(); i < rows.to(); i++) {
        int ci = (i - rows.from()) * n;
        int k = k0;
        for (; k + 3 < k1; k += 4) {
          add4(c, ci, a, i * n + k, b, k * n, n);
        }
        for (; k < k1; k++) {
          double x = a[i * n + k];
          int bk = k * n;
          for (int j = 0; j < n; j++) {
            c[ci + j] += x * b[bk + j];
          }
        }
      }
    }
    return c;
  }

  private static void add4(double[] c, int ci, double[] a, int ai, double[] b, int bk, int n) {
    double w = a[ai];
    double x = a[ai + 1];
    double y = a[ai + 2];
    double z = a[ai + 3];
    int b1 = bk + n;
    int b2 = b1 + n;
    int b3 = b2 + n;
    for (int j = 0; j < n; j++) {
      c[ci + j] += w * b[bk + j] + x * b[b1 + j] + y * b[b2 + j] + z * b[b3 + j];
    }
  }
}
