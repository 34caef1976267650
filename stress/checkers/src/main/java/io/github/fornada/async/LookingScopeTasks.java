package io.github.fornada.async;

import java.util.concurrent.locks.LockSupport;

/**
 * A twin of {@link ScopeTasks}'s counter that must be caught: a task that ends reads it and sets it
 * later; one atomic step is correct.
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // the fault
final class LookingScopeTasks {
  private final Thread owner = Thread.currentThread();
  private volatile int pending;

  void awaitEnd(int started) {
    pending += started;
    while (pending != 0) {
      LockSupport.park(this);
    }
  }

  void arrive() {
    int seen = pending;
    pending = seen - 1;
    if (seen == 1) {
      LockSupport.unpark(owner);
    }
  }
}
