package io.github.fornada.timeline;

import java.util.Locale;

/** Formats figures for people: three significant digits and a unit. */
final class Figures {
  private static final String[] UNITS = {"ns", "\u00b5s", "ms", "s"};

  private Figures() {}

  /** Returns a text such as {@code 2.01 s}, {@code 350 ms} or {@code 2 min 5 s}. */
  static String duration(long nanos) {
    if (nanos <= 0) {
      return "0 s";
    }
    if (nanos >= 120_000_000_000L) {
      long seconds = Math.round(nanos / 1e9);
      return seconds >= 7200
          ? seconds / 3600 + " h " + seconds % 3600 / 60 + " min"
          : seconds / 60 + " min " + seconds % 60 + " s";
    }
    double value = nanos;
    int unit = 0;
    while (value >= 999.5 && unit < UNITS.length - 1) {
      value /= 1000;
      unit++;
    }
    return (unit == 0 ? String.valueOf(nanos) : number(value)) + " " + UNITS[unit];
  }

  /** Returns three significant digits; no decimals from 100 on. */
  static String number(double value) {
    int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  /** Returns the number with commas between thousands. */
  static String count(long n) {
    return String.format(Locale.ROOT, "%,d", n);
  }

  /** Returns a text such as {@code 1 task} or {@code 1,200 tasks}. */
  static String count(long n, String one, String many) {
    return count(n) + " " + (n == 1 ? one : many);
  }
}
