package io.github.fornada.shared.memory;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads of a process that wait to be rung. One of them listens itself, so that a ring wakes
 * it without another thread in between; it wakes the others, which are parked. When it goes, one of
 * the others listens.
 */
abstract class Listeners {
  /** Each with the rings that were taken before it last looked whether it has to wait. */
  private final Map<Thread, Long> sleepers = new ConcurrentHashMap<>();

  /** Whether a thread listens. Set to true, and back, by that thread. */
  private final AtomicBoolean listening = new AtomicBoolean();

  /** How often {@link #listen} has returned. Written by the thread that listens. */
  private final AtomicLong taken = new AtomicLong();

  /**
   * Waits for a ring, and takes it. Called by one thread at a time, which is known to the others.
   *
   * @param nanos how long at most; {@link Mutex#FOR_EVER} for no limit
   */
  abstract void listen(long nanos);

  /** Makes a call of {@link #listen} return at once: the present one, or else the next. */
  abstract void endListening();

  /** Makes {@code thread} one that is woken. Called before it looks whether it has to wait. */
  void add(Thread thread) {
    sleepers.put(thread, taken.get());
  }

  void remove(Thread thread) {
    sleepers.remove(thread);
  }

  /** Waits as {@link Bell#await} does. */
  void await(Object blocker, long nanos) {
    if (listening.compareAndSet(false, true)) {
      try {
        if (!hasMissedARing()) {
          listen(nanos);
          taken.incrementAndGet();
        }
      } finally {
        listening.set(false);
        // A thread that found somebody listening did so before this, and is known here since before
        // that. So it is woken, or does not park, and listens.
        wakeOthers();
      }
    } else {
      park(blocker, nanos);
    }
    add(Thread.currentThread()); // from now on it looks again
  }

  /**
   * Returns whether another thread has taken a ring since the calling thread has looked. It will
   * not come again.
   */
  private boolean hasMissedARing() {
    return !Long.valueOf(taken.get()).equals(sleepers.get(Thread.currentThread()));
  }

  /** Listens for the others until it is told to stop, or its thread may not any more. */
  void listenAlways() {
    Thread self = Thread.currentThread();
    add(self); // to be woken when the one that listens goes
    while (isOpen()) {
      if (listening.compareAndSet(false, true)) {
        while (isOpen()) {
          listen(Mutex.FOR_EVER);
          taken.incrementAndGet();
          // A task may have interrupted this thread: with the flag set it would never wait.
          var _ = Thread.interrupted();
          wakeOthers();
        }
        listening.set(false);
        wakeOthers();
      } else {
        LockSupport.park(this);
        var _ = Thread.interrupted();
      }
    }
    remove(self);
  }

  /** Returns whether there is something to listen to. */
  abstract boolean isOpen();

  static void park(Object blocker, long nanos) {
    if (nanos == Mutex.FOR_EVER) {
      LockSupport.park(blocker);
    } else {
      LockSupport.parkNanos(blocker, nanos);
    }
  }

  /** Wakes all, the one that listens too. */
  void wakeAll() {
    for (Thread sleeper : sleepers.keySet()) {
      LockSupport.unpark(sleeper);
    }
    endListening(); // also of one that is only about to listen
  }

  private void wakeOthers() {
    Thread self = Thread.currentThread();
    for (Thread sleeper : sleepers.keySet()) {
      if (!sleeper.equals(self)) {
        LockSupport.unpark(sleeper);
      }
    }
  }
}
