package io.github.fornada.scenarios.harness;

import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * A median and where it probably lies.
 *
 * @param low lower end of the 90 % interval
 * @param median the median
 * @param high upper end
 * @param count how many measurements it comes from
 */
public record Interval(double low, double median, double high, int count) {
  private static final int RESAMPLES = 4_000;
  private static final double TAIL = 0.05;

  /** Fewer measurements than this cannot give a 90 % interval of the median. */
  static final int ENOUGH = 5;

  /**
   * Returns the median of the measurements with its 90 % interval by the bootstrap: the medians of
   * many samples drawn from the measurements with replacement.
   *
   * @param seed makes the draws repeatable
   */
  static Interval of(double[] measurements, long seed) {
    if (measurements.length == 0) {
      throw new IllegalArgumentException("no measurement");
    }
    var random = new Random(seed);
    int n = measurements.length;
    var medians = new double[RESAMPLES];
    var sample = new double[n];
    for (int i = 0; i < RESAMPLES; i++) {
      for (int j = 0; j < n; j++) {
        sample[j] = measurements[random.nextInt(n)];
      }
      medians[i] = median(sample);
    }
    Arrays.sort(medians);
    return new Interval(
        medians[(int) (TAIL * RESAMPLES)],
        median(measurements),
        medians[(int) Math.ceil((1 - TAIL) * RESAMPLES) - 1],
        n);
  }

  /** Returns the median. */
  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  }

  /** Returns whether this interval and the other have a point in common. */
  boolean overlaps(Interval other) {
    return low <= other.high && other.low <= high;
  }

  /**
   * Returns the probability with which an interval from so few measurements holds the median, in
   * percent. From the least to the greatest of n measurements it is 1 - 2 / 2^n, and no method can
   * give more.
   */
  static int coverage(int count) {
    return count >= ENOUGH ? 90 : (int) Math.floor(100 * (1 - Math.pow(2, 1.0 - count)));
  }

  /** Returns the interval of a time in seconds as text, such as {@code 12.1-12.9 ms}. */
  String text() {
    if (high < 1e-3) {
      return range(low * 1e6, high * 1e6, "µs");
    }
    return high < 1 ? range(low * 1e3, high * 1e3, "ms") : range(low, high, "s");
  }

  private static String range(double low, double high, String unit) {
    String first = figure(low, high);
    String second = figure(high, high);
    return (first.equals(second) ? first : first + "-" + second) + " " + unit;
  }

  private static String figure(double value, double scale) {
    return String.format(Locale.ROOT, scale >= 100 ? "%.0f" : scale >= 10 ? "%.1f" : "%.2f", value);
  }

  /** Returns a time in seconds as text with its unit. */
  public static String time(double seconds) {
    return new Interval(seconds, seconds, seconds, 1).text();
  }
}
