package io.github.fornada.jvm;

import java.time.Duration;

/** Durations that users give: of any length, and as text for messages. */
public final class Durations {
  private Durations() {}

  /** Returns {@code d} in nanoseconds; the largest number for 292 years and more. */
  public static long nanos(Duration d) {
    try {
      return d.toNanos();
    } catch (ArithmeticException e) {
      return d.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  /** Returns {@code d} as text, such as {@code 5 s}, {@code 250 ms} or {@code 2 min 5 s}. */
  public static String inWords(Duration d) {
    long seconds = d.toSeconds(); // works for every duration: toMillis and toNanos overflow
    if (seconds == 0 && d.toMillis() < 1) {
      return d.toNanos() < 1000 ? d.toNanos() + " ns" : d.toNanos() / 1000 + " us";
    }
    if (seconds < 10 && d.toMillisPart() != 0) {
      return d.toMillis() + " ms";
    }
    if (seconds < 120) {
      return seconds + " s";
    }
    return d.toMinutes() + " min" + (d.toSecondsPart() == 0 ? "" : " " + d.toSecondsPart() + " s");
  }
}
