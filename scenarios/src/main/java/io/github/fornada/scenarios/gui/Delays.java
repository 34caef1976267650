package io.github.fornada.scenarios.gui;

import io.github.fornada.scenarios.harness.Words;
import java.util.Arrays;

/**
 * How late the event thread was: for each event, the time from when it was due to when it was
 * handled.
 *
 * @param dueMillis when each event was due, from the beginning of the run, in milliseconds
 * @param lateMillis how late it was handled
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Delays(double[] dueMillis, double[] lateMillis) {
  /** Returns the delay that {@code share} of the events do not exceed, in milliseconds. */
  double quantile(double share) {
    if (lateMillis.length == 0) {
      return 0;
    }
    double[] sorted = lateMillis.clone();
    Arrays.sort(sorted);
    return sorted[Math.min(sorted.length - 1, (int) (share * sorted.length))];
  }

  /** Returns the longest delay, in milliseconds. */
  double longest() {
    return quantile(1);
  }

  /** Returns the figures in a line. */
  String text() {
    return Words.format(
        "p50 %7.1f ms   p99 %7.1f ms   longest %7.1f ms   %5d events",
        quantile(0.5), quantile(0.99), longest(), lateMillis.length);
  }

  /**
   * Draws the longest delay of each part of the time, one character a part: a dot up to 16 ms (a
   * picture of a screen with 60 a second), and darker ones for longer.
   *
   * @param millis how much time the whole strip stands for
   * @param columns how many parts it has
   */
  String strip(double millis, int columns) {
    var worst = new double[columns];
    Arrays.fill(worst, -1);
    for (int k = 0; k < dueMillis.length; k++) {
      // An event that is late leaves its mark as long as it is not handled.
      int first = Math.clamp((long) (dueMillis[k] / millis * columns), 0, columns - 1);
      double handled = dueMillis[k] + lateMillis[k];
      int last = Math.clamp((long) (handled / millis * columns), 0, columns - 1);
      for (int at = first; at <= last; at++) {
        worst[at] = Math.max(worst[at], lateMillis[k]);
      }
    }
    var strip = new StringBuilder();
    for (double late : worst) {
      strip.append(late < 0 ? ' ' : late <= 16 ? '.' : late <= 50 ? '-' : late <= 100 ? '+' : '#');
    }
    return strip.toString().stripTrailing();
  }
}
