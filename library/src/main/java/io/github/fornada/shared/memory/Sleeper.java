package io.github.fornada.shared.memory;

import java.util.concurrent.locks.LockSupport;

/** A thread that waits, and what it waits for. */
final class Sleeper {
  private final Thread thread;
  private final long key;
  private final boolean canListen;

  /** Set to true by who takes a ring for it, and to false by its thread, which then looks again. */
  private volatile boolean rung;

  /**
   * Makes a sleeper of the calling thread.
   *
   * @param key names what it waits for: see {@link RingKey}
   * @param canListen whether it may listen for other threads
   */
  Sleeper(long key, boolean canListen) {
    this.thread = Thread.currentThread();
    this.key = key;
    this.canListen = canListen;
  }

  Thread thread() {
    return thread;
  }

  boolean canListen() {
    return canListen;
  }

  boolean isRung() {
    return rung;
  }

  /** Called by its thread before it looks whether it still has to wait. */
  void looksAgain() {
    rung = false;
  }

  /** Wakes its thread, which looks again, or does not wait, if it waits for what has this key. */
  void ringFor(long rungKey) {
    if (!RingKey.isFor(rungKey, key)) {
      return;
    }
    rung = true;
    if (thread != Thread.currentThread()) { // else it listens, and has taken the ring itself
      wake();
    }
  }

  /** Wakes its thread for another reason than a ring. */
  void wake() {
    LockSupport.unpark(thread);
  }
}
