package io.github.fornada.scenarios.math;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** The functions. */
final class Computations {
  private Computations() {}

  /** Numbers from {@code from} to before {@code to}. */
  record Range(int from, int to) {}

  /** Returns how many primes there are in the range, by trial division. */
  static int primes(Range range) {
    int count = 0;
    for (int n = range.from(); n < range.to(); n++) {
      if (isPrime(n)) {
        count++;
      }
    }
    return count;
  }

  private static boolean isPrime(int n) {
    if (n < 2) {
      return false;
    }
    if (n % 2 == 0) {
      return n == 2;
    }
    for (int d = 3; (long) d * d <= n; d += 2) {
      if (n % d == 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * A row of the picture.
   *
   * @param y which
   * @param size width and height of the picture
   * @param limit iterations at most
   */
  record Row(int y, int size, int limit) {}

  /** Returns the iterations of each point of the row of the Mandelbrot set. */
  static int[] mandelbrot(Row row) {
    int size = row.size();
    var counts = new int[size];
    double ci = 2.4 * row.y() / size - 1.2;
    for (int x = 0; x < size; x++) {
      double cr = 3.2 * x / size - 2.2;
      double r = 0;
      double i = 0;
      int n = 0;
      while (n < row.limit() && r * r + i * i <= 4) {
        double next = r * r - i * i + cr;
        i = 2 * r * i + ci;
        r = next;
        n++;
      }
      counts[x] = n;
    }
    return counts;
  }

  /**
   * Some of the points.
   *
   * @param index which part; it is also the seed, so that the order of the parts does not matter
   * @param points how many
   */
  record Part(int index, int points) {}

  /** Returns how many of the random points lie in the quarter of a circle. */
  static long inCircle(Part part) {
    RandomGenerator random =
        RandomGeneratorFactory.of("L64X128MixRandom").create(0x5EED_0000L + part.index());
    long inside = 0;
    for (int i = 0; i < part.points(); i++) {
      double x = random.nextDouble();
      double y = random.nextDouble();
      if (x * x + y * y <= 1) {
        inside++;
      }
    }
    return inside;
  }
}
