package io.github.fornada.cli;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;

/** Formats numbers for people. */
final class Words {
  private Words() {}

  /**
   * Returns a text such as {@code 850 us}, {@code 12.3 ms}, {@code 2.003 s}, {@code 75.2 s}, {@code
   * 12 min}.
   */
  static String seconds(double s) {
    if (s < 0.000_000_999_5) {
      return String.format(Locale.ROOT, "%.0f ns", s * 1e9);
    }
    if (s < 0.001) {
      return String.format(Locale.ROOT, "%.0f us", s * 1e6);
    }
    if (s < 0.1) {
      return String.format(Locale.ROOT, "%.1f ms", s * 1e3);
    }
    if (s < 10) {
      return String.format(Locale.ROOT, "%.3f s", s);
    }
    if (s < 120) {
      return String.format(Locale.ROOT, "%.1f s", s);
    }
    if (s < 7200) {
      return String.format(Locale.ROOT, "%.0f min", s / 60);
    }
    return String.format(Locale.ROOT, "%.1f h", s / 3600);
  }

  /** Returns the duration as the user gave it: {@code 5 s}, {@code 250 ms}, {@code 0.5 ms}. */
  static String limit(Duration d) {
    return d.toNanosPart() == 0
        ? d.toSeconds() + " s"
        : BigDecimal.valueOf(d.toNanos(), 6).stripTrailingZeros().toPlainString() + " ms";
  }

  /** Returns a rough time, such as {@code 1 s}, {@code 45 s} or {@code 3 min}. */
  static String about(double s) {
    if (s < 1) {
      return "1 s";
    }
    if (s < 100) {
      return Math.round(s) + " s";
    }
    return s < 5400 ? Math.round(s / 60) + " min" : Math.round(s / 3600) + " h";
  }

  /** Returns a rough time that is not less than {@code s} seconds. */
  static String atMost(double s) {
    if (s < 100) {
      return Math.max(1, (long) Math.ceil(s)) + " s";
    }
    return s < 5400 ? (long) Math.ceil(s / 60) + " min" : (long) Math.ceil(s / 3600) + " h";
  }

  /** Returns a text such as {@code 84 MB}, in millions of bytes. */
  static String bytes(long bytes) {
    if (bytes < 1_000) {
      return count(bytes, "byte");
    }
    if (bytes < 1_000_000) {
      return Math.round(bytes / 1e3) + " kB";
    }
    if (bytes < 10_000_000_000L) {
      return Math.round(bytes / 1e6) + " MB";
    }
    return Math.round(bytes / 1e9) + " GB";
  }

  /** Breaks a text into lines of at most a number of columns. */
  static String wrapped(String text, int columns) {
    var lines = new StringBuilder();
    int length = 0;
    for (String word : text.split(" ", -1)) {
      if (length > 0 && length + 1 + word.length() > columns) {
        lines.append('\n');
        length = 0;
      } else if (length > 0) {
        lines.append(' ');
        length++;
      }
      lines.append(word);
      length += word.length();
    }
    return lines.toString();
  }

  /** Returns {@code 1 item}, {@code 2 items} and so on. */
  static String count(long n, String noun) {
    return count(n, noun, noun + "s");
  }

  /** Returns {@code 1 process}, {@code 2 processes} and so on. */
  static String count(long n, String one, String many) {
    return n + " " + (n == 1 ? one : many);
  }

  /**
   * Returns the number with few significant digits: {@code 0.02}, {@code 1.98}, {@code 12.3},
   * {@code 250}.
   */
  static String figure(double value) {
    return String.format(
        Locale.ROOT, value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
  }
}
