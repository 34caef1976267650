package io.github.fornada.benchmarks.peers;

import java.util.Arrays;
import java.util.List;

/** Rates, quantiles, and the lines of JSON that benchmarks/peers reads. */
public final class Measure {
  private Measure() {}

  /** Runs {@code n} operations. */
  @FunctionalInterface
  public interface Operations {
    void run(int n) throws Exception;
  }

  /**
   * Returns how long to warm up: the compiler needs some seconds, however short the measurement.
   */
  static double warmUp(double seconds) {
    return 1.5 + 1.5 * seconds;
  }

  /** Returns operations per second, measured for the given seconds after a warm-up. */
  public static double rate(double seconds, int batch, Operations operations) throws Exception {
    long warm = System.nanoTime() + nanos(warmUp(seconds));
    do {
      operations.run(batch);
    } while (System.nanoTime() < warm);
    return warmRate(seconds, batch, operations);
  }

  /** Returns operations per second, measured for the given seconds, after an earlier warm-up. */
  public static double warmRate(double seconds, int batch, Operations operations) throws Exception {
    long begin = System.nanoTime();
    long done = 0;
    while (true) {
      operations.run(batch);
      done += batch;
      long took = System.nanoTime() - begin;
      if (took >= nanos(seconds)) {
        return done * 1e9 / took;
      }
    }
  }

  /** Returns the seconds in nanoseconds. */
  public static long nanos(double seconds) {
    return (long) (seconds * 1e9);
  }

  /** Returns the quantile: the value below which the given share of the values lies. */
  public static double quantile(double[] values, double q) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.min(sorted.length - 1, (int) (q * sorted.length))];
  }

  /** Prints a figure. */
  public static void emit(String row, double value, String unit, String note) {
    print("{\"row\": \"" + row + "\", \"value\": " + value + ", \"unit\": \"" + unit + "\"", note);
  }

  /** Prints a figure of another peer that was measured in this program too. */
  public static void emitFor(String peer, String row, double value, String unit, String note) {
    print(
        "{\"peer\": \""
            + peer
            + "\", \"row\": \""
            + row
            + "\", \"value\": "
            + value
            + ", \"unit\": \""
            + unit
            + "\"",
        note);
  }

  /** Prints every value, for quantiles over all rounds. */
  static void emitAll(String row, List<Double> values, String unit, String note) {
    print(
        "{\"row\": \"" + row + "\", \"samples\": " + values + ", \"unit\": \"" + unit + "\"", note);
  }

  /** Prints a row whose answer is a word. */
  public static void say(String row, String text, String note) {
    print("{\"row\": \"" + row + "\", \"text\": \"" + text + "\"", note);
  }

  private static void print(String begin, String note) {
    String plain = note.replace('"', '\'').replace('\\', '/').replace('\n', ' ');
    System.out.println(begin + (plain.isEmpty() ? "}" : ", \"note\": \"" + plain + "\"}"));
  }

  /** Ends the program if a result is wrong. */
  public static void check(boolean right, String what) {
    if (!right) {
      throw new IllegalStateException("wrong result: " + what);
    }
  }
}
