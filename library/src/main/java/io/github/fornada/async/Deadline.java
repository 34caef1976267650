package io.github.fornada.async;

import java.time.Duration;

/** A moment on the clock of {@link System#nanoTime}, or none. */
record Deadline(boolean isSet, long nanos) {
  static final Deadline NONE = new Deadline(false, 0);

  static Deadline in(Duration time) {
    return new Deadline(true, System.nanoTime() + Ticker.nanosOf(time));
  }

  /** Returns the time left; not positive if it has passed. Call it only if a deadline is set. */
  long nanosLeft() {
    return nanos - System.nanoTime();
  }
}
