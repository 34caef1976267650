package io.github.fornada.scenarios.races;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/** Counters that all threads of a JVM share, each guarded in another way. */
final class Counters {
  // Written by every task without a lock: the mistake to be shown.
  private static volatile long unguarded;

  // Each access under the lock, but not the two together: the lost update to be shown.
  private static long accessed;

  // A lock object: the compiler joins neighbouring synchronized blocks of a loop into one.
  private static final ReentrantLock LOCK = new ReentrantLock();

  // Under LOCK.
  private static long guarded;

  private static final AtomicLong ATOMIC = new AtomicLong();
  private static final LongAdder ADDER = new LongAdder();

  private Counters() {}

  /** Sets all to zero. */
  static void reset() {
    unguarded = 0;
    set(0);
    LOCK.lock();
    try {
      guarded = 0;
    } finally {
      LOCK.unlock();
    }
    ATOMIC.set(0);
    ADDER.reset();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the mistake to be shown
  static int addUnguarded(int times) {
    for (int i = 0; i < times; i++) {
      unguarded++;
    }
    return times;
  }

  static int addByTwoAccesses(int times) {
    for (int i = 0; i < times; i++) {
      set(get() + 1);
    }
    return times;
  }

  private static synchronized long get() {
    return accessed;
  }

  private static synchronized void set(long value) {
    accessed = value;
  }

  static int addGuarded(int times) {
    for (int i = 0; i < times; i++) {
      LOCK.lock();
      try {
        guarded++;
      } finally {
        LOCK.unlock();
      }
    }
    return times;
  }

  static int addAtomic(int times) {
    for (int i = 0; i < times; i++) {
      ATOMIC.incrementAndGet();
    }
    return times;
  }

  static int addToAdder(int times) {
    for (int i = 0; i < times; i++) {
      ADDER.increment();
    }
    return times;
  }

  static long unguarded() {
    return unguarded;
  }

  static long byTwoAccesses() {
    return get();
  }

  static long guarded() {
    LOCK.lock();
    try {
      return guarded;
    } finally {
      LOCK.unlock();
    }
  }

  static long atomic() {
    return ATOMIC.get();
  }

  static long adder() {
    return ADDER.sum();
  }
}
