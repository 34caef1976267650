package io.github.fornada.shared.memory;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Rings when the time of a listener is over. One thread sets it at a time, and another watches. */
abstract class Alarm {
  /** Later than any other time. */
  private static final long FAR = Duration.ofDays(36_500).toNanos();

  /** When the listener's time is over, by {@link System#nanoTime}; 0 for never. */
  private volatile long due;

  /** When the watching thread looks next. Before {@link #due} is set it may be anything. */
  private volatile long looksAt;

  private volatile @Nullable Thread watcher;

  /** Called by the watching thread. */
  abstract void ring();

  abstract boolean isOpen();

  /** Starts a thread that calls {@link #watch}. */
  abstract void start();

  /** Rings after this time, unless it is {@linkplain #clear cleared} before. */
  void set(long nanos) {
    long at = System.nanoTime() + Math.min(nanos, FAR);
    due = at == 0 ? 1 : at;
    Thread known = watcher;
    if (known == null) {
      start();
    } else if (looksAt - due > 0) {
      LockSupport.unpark(known);
    }
  }

  /** Does not wake the watching thread: it looks in vain, or for the next time that was set. */
  void clear() {
    due = 0;
  }

  void watch() {
    watcher = Thread.currentThread();
    long rung = 0;
    while (isOpen()) {
      long at = due;
      long now = System.nanoTime();
      boolean isSet = at != 0 && at != rung;
      if (isSet && at - now <= 0) {
        ring();
        rung = at;
      } else {
        looksAt = isSet ? at : now + FAR;
        if (due == at) { // else it was set meanwhile, perhaps by one that saw the old time here
          sleep(isSet, at - now);
        }
      }
    }
  }

  private void sleep(boolean isSet, long nanos) {
    if (isSet) {
      LockSupport.parkNanos(this, nanos);
    } else {
      LockSupport.park(this);
    }
  }

  /** Lets the watching thread see that it is not open any more. */
  void wake() {
    LockSupport.unpark(watcher);
  }
}
