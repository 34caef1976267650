package io.github.fornada.async;

import java.time.Duration;

/** A moment on the clock of {@link System#nanoTime}, or none. */
record Deadline(boolean isSet, long nanos) {
  static final Deadline NONE = new Deadline(false, 0);

  /** As good as never, and short enough to be counted in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  static Deadline in(Duration time) {
    long nanos = (time.compareTo(LONGEST) < 0 ? time : LONGEST).toNanos();
    return new Deadline(true, System.nanoTime() + nanos);
  }

  /** Not positive if it has passed; only where one is set. */
  long nanosLeft() {
    return nanos - System.nanoTime();
  }
}
