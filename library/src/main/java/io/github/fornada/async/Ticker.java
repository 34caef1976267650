package io.github.fornada.async;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** The clock and the pauses of the verbs, so that a test can put its own in their place. */
interface Ticker {
  /** As {@link System#nanoTime}: only differences mean something. */
  long nanos();

  /**
   * Parks the calling thread until that moment of {@link #nanos}, as {@link
   * LockSupport#parkNanos(Object, long)}: may return early, for no reason too.
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
          LockSupport.parkNanos(blocker, moment - System.nanoTime());
        }
      };

  /** A century: as good as never, and sums of some of these fit in a long of nanoseconds. */
  long LONGEST = Duration.ofDays(36_500).toNanos();

  /** In nanoseconds, from 0 to {@link #LONGEST}. */
  static long nanosOf(Duration duration) {
    if (duration.isNegative()) {
      return 0; // some of them do not fit in a long either
    }
    return duration.compareTo(Duration.ofNanos(LONGEST)) < 0 ? duration.toNanos() : LONGEST;
  }

  /** Pauses the calling thread for all of that time. */
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
