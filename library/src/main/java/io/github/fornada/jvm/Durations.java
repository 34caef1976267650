package io.github.fornada.jvm;

import java.time.Duration;

/** Formats durations for messages. */
public final class Durations {
  private Durations() {}

  /** Returns {@code d} as text, such as {@code 5 s}, {@code 250 ms} or {@code 2 min 5 s}. */
  public static String inWords(Duration d) {
    if (d.toMillis() < 1) {
      return d.toNanos() / 1000 + " us";
    }
    if (d.toMillis() % 1000 != 0 && d.toSeconds() < 10) {
      return d.toMillis() + " ms";
    }
    if (d.toSeconds() < 120) {
      return d.toSeconds() + " s";
    }
    return d.toMinutes() + " min" + (d.toSecondsPart() == 0 ? "" : " " + d.toSecondsPart() + " s");
  }
}
