package io.github.fornada.async;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** The clock and the pauses of policies and verbs, which tests replace. */
interface Ticker {
  /** Returns a time like {@link System#nanoTime}: only differences have a meaning. */
  long nanos();

  /**
   * Parks the calling thread until a moment of {@link #nanos}, like {@link
   * LockSupport#parkNanos(Object, long)}: may return early, also for no reason.
   */
  void parkUntil(Object blocker, long moment);

  Ticker SYSTEM =
      new Ticker() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public void parkUntil(Object blocker, long moment) {
          Parking.park(blocker, moment - System.nanoTime());
        }
      };

  /** A century, longer than any wait; sums of some of these fit in a long of nanoseconds. */
  long LONGEST = Duration.ofDays(36_500).toNanos();

  /** Returns a duration in nanoseconds, from 0 to {@link #LONGEST}. */
  static long nanosOf(Duration duration) {
    if (duration.isNegative()) {
      return 0; // a negative duration may not fit in a long either
    }
    return duration.compareTo(Duration.ofNanos(LONGEST)) < 0 ? duration.toNanos() : LONGEST;
  }

  /** Pauses the calling thread for {@code nanos}. */
  default void sleep(Object blocker, long nanos) throws InterruptedException {
    long end = nanos() + nanos;
    while (!Thread.currentThread().isInterrupted() && end - nanos() > 0) {
      parkUntil(blocker, end);
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }
}
