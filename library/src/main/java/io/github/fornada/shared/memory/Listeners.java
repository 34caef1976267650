package io.github.fornada.shared.memory;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The threads of a process that wait to be rung. One of them listens itself, so that a ring for it
 * wakes it without another thread in between. It wakes the others that a ring is for, and no more:
 * they are parked. When it goes, it wakes one of the others, which listens.
 */
abstract class Listeners {
  private final Sleepers sleepers = new Sleepers();

  /** The one that listens. Set, and back to null, by its thread. */
  private final AtomicReference<@Nullable Sleeper> listener = new AtomicReference<>();

  /**
   * Waits for rings, takes them and calls {@link #taken} for each; or returns for no reason. Called
   * by one thread at a time.
   *
   * @param nanos how long at most; {@link Mutex#FOR_EVER} for no limit
   */
  abstract void listen(long nanos);

  /** Makes a call of {@link #listen} return at once: the present one, or else the next. */
  abstract void endListening();

  /** Returns whether there is something to listen to. */
  abstract boolean isOpen();

  /**
   * Makes the calling thread one that is woken. Called before it looks whether it has to wait.
   *
   * @param key what it waits for
   * @param canListen whether it calls {@link #await}, and may listen for others there
   */
  Sleeper add(long key, boolean canListen) {
    var self = new Sleeper(key, canListen);
    sleepers.add(self);
    return self;
  }

  void remove(Sleeper self) {
    sleepers.remove(self);
    if (sleepers.count() > 0 && listener.get() == null) {
      wakeNext(null); // it may have been woken to listen, and does not
    }
  }

  /** Waits as {@link Bell#await} does. Afterwards the thread looks again. */
  void await(Sleeper self, Object blocker, long nanos) {
    if (listener.compareAndSet(null, self)) {
      try {
        listenFor(self, nanos);
      } finally {
        resign(self);
      }
    } else if (!self.isRung()) {
      // Who rings sets the flag before it unparks: then this returns at once.
      park(blocker, nanos);
    }
    self.looksAgain();
  }

  /** Listens until there is a ring for {@code self}, or another reason to look again. */
  private void listenFor(Sleeper self, long nanos) {
    long began = nanos == Mutex.FOR_EVER ? 0 : System.nanoTime();
    long left = nanos;
    // Another thread may have taken the ring since this one looked. It will not come again.
    while (left > 0 && !self.isRung() && isOpen() && !Thread.currentThread().isInterrupted()) {
      listen(left);
      if (nanos != Mutex.FOR_EVER) {
        left = nanos - (System.nanoTime() - began);
      }
    }
  }

  /** Stops to listen, and sees to it that another thread does, if any waits. */
  private void resign(Sleeper self) {
    listener.set(null);
    // A thread that found somebody listening did so before this, and is known here since before
    // that. So it may be the one that is woken; one that comes later finds nobody listening.
    if (sleepers.count() > 1) {
      wakeNext(self);
    }
  }

  /** Whoever is woken listens, or leaves and wakes the next one. */
  private void wakeNext(@Nullable Sleeper self) {
    Sleeper next = sleepers.listenerBut(self);
    if (next != null) {
      next.wake();
    }
  }

  /** Listens for the others until it is told to stop, or its thread may not any more. */
  void listenAlways() {
    Sleeper self = add(RingKey.NOBODY, true); // to be woken when the one that listens goes
    try {
      while (isOpen()) {
        if (listener.compareAndSet(null, self)) {
          try {
            while (isOpen()) {
              listen(Mutex.FOR_EVER);
              self.looksAgain();
              // A task may have interrupted this thread: with the flag set it would never wait.
              var _ = Thread.interrupted();
            }
          } finally {
            resign(self);
          }
        } else {
          LockSupport.park(this);
          var _ = Thread.interrupted();
        }
      }
    } finally {
      remove(self);
    }
  }

  /** Called by the thread that listens, for each ring that it has taken. */
  void taken(long key) {
    Sleeper self = listener.get();
    if (self != null && sleepers.count() == 1) { // it is the only one: the way that must be short
      self.ringFor(key);
    } else {
      sleepers.ring(key);
    }
  }

  static void park(Object blocker, long nanos) {
    if (nanos == Mutex.FOR_EVER) {
      LockSupport.park(blocker);
    } else {
      LockSupport.parkNanos(blocker, nanos);
    }
  }

  /** Rings the threads of this process that wait for what has this key. */
  void ring(long key) {
    sleepers.ring(key);
    Sleeper known = listener.get();
    // One that is only about to listen is known already, or sees that it was rung.
    if (known != null && known.isRung()) {
      endListening();
    }
  }
}
