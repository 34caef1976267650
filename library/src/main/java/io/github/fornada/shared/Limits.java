package io.github.fornada.shared;

import io.github.fornada.jvm.Durations;
import io.github.fornada.shared.memory.Mutex;
import java.time.Duration;

/** Limits of waits, in nanoseconds. */
final class Limits {
  static final long NONE = Mutex.FOR_EVER;

  private Limits() {}

  /** Returns the limit; 0 if it is negative, and none if it is more than 292 years. */
  static long nanos(Duration limit) {
    return Math.max(0, Durations.nanos(limit)); // the largest number is NONE
  }
}
