package io.github.fornada.advice.decide;

import java.util.Locale;

/** Writes figures for people. */
final class Say {
  private Say() {}

  /** Returns a time such as {@code 0.4 us}, {@code 12 ms}, {@code 2.3 s} or {@code 12 min}. */
  static String time(double nanos) {
    if (!Double.isFinite(nanos)) {
      return "unknown";
    }
    if (nanos < 1e6) {
      return digits(nanos / 1e3) + " us";
    }
    if (nanos < 1e9) {
      return digits(nanos / 1e6) + " ms";
    }
    if (nanos < 120e9) {
      return digits(nanos / 1e9) + " s";
    }
    return nanos < 7200e9
        ? String.format(Locale.ROOT, "%.0f min", nanos / 60e9)
        : String.format(Locale.ROOT, "%.1f h", nanos / 3600e9);
  }

  /** Returns a number with two or three digits that count. */
  static String digits(double value) {
    double size = Math.abs(value);
    String format = size < 1 ? "%.2f" : size < 9.95 ? "%.1f" : "%,.0f";
    return String.format(Locale.ROOT, format, value);
  }

  /** Returns a ratio such as {@code 1.9x}. */
  static String times(double ratio) {
    return String.format(
        Locale.ROOT, ratio < 1.3 ? "%.2fx" : ratio < 9.95 ? "%.1fx" : "%.0fx", ratio);
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }

  static String bytes(double bytes) {
    return bytes < 1e6
        ? digits(bytes / 1e3) + " kB"
        : bytes < 1e9 ? digits(bytes / 1e6) + " MB" : digits(bytes / 1e9) + " GB";
  }

  /** Returns items a second. */
  static String rate(double perSecond) {
    return digits(perSecond) + " a second";
  }

  /** Returns such as {@code one after the other}, {@code 4 threads}, {@code 4 worker processes}. */
  static String setting(Setting setting) {
    int n = setting.size();
    return switch (setting.model()) {
      case SEQUENTIAL -> "one after the other";
      case VIRTUAL_THREADS -> count(n, "virtual thread");
      case PLATFORM_THREADS -> count(n, "thread");
      case PROCESSES -> n == 1 ? "1 worker process" : n + " worker processes";
      case CLUSTER -> "a cluster";
    };
  }

  static String count(long n, String what) {
    return String.format(Locale.ROOT, "%,d ", n) + what + (n == 1 ? "" : "s");
  }
}
