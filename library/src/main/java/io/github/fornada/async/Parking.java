package io.github.fornada.async;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.locks.LockSupport;

/**
 * Parks as {@link LockSupport} does. If the caller is a thread of a {@link ForkJoinPool}, that pool
 * may add a thread meanwhile, as it does for the JDK's blocking queues: on two processors the
 * common pool has one thread, and who is waited for may have to run on it.
 */
final class Parking {
  /** No limit of time. */
  private static final long FOREVER = Long.MAX_VALUE;

  private Parking() {}

  /** Parks until the thread is unparked or interrupted; may return early for no reason. */
  static void park(Object blocker) {
    park(blocker, FOREVER);
  }

  /** Parks as {@link #park(Object)} does, for at most {@code nanos} nanoseconds. */
  static void park(Object blocker, long nanos) {
    if (!(Thread.currentThread() instanceof ForkJoinWorkerThread)) {
      parkOnly(blocker, nanos);
      return;
    }
    Once once = null;
    try {
      once = new Once(blocker, nanos);
      ForkJoinPool.managedBlock(once);
    } catch (InterruptedException | RuntimeException | Error e) {
      // The pool adds no thread: it has as many as it may have, the system gives it none, or it is
      // stopped. Who waits must wait all the same: what it waits for comes from elsewhere, and none
      // of our waits ends by an exception.
      if (once == null || !once.parked) {
        parkOnly(blocker, nanos);
      }
    }
  }

  private static void parkOnly(Object blocker, long nanos) {
    if (nanos == FOREVER) {
      LockSupport.park(blocker);
    } else {
      LockSupport.parkNanos(blocker, nanos);
    }
  }

  /** Blocks once: whoever parks looks itself whether its wait is over. */
  private static final class Once implements ForkJoinPool.ManagedBlocker {
    private final Object blocker;
    private final long nanos;
    private boolean parked;

    Once(Object blocker, long nanos) {
      this.blocker = blocker;
      this.nanos = nanos;
    }

    @Override
    public boolean block() {
      parked = true;
      parkOnly(blocker, nanos);
      return true;
    }

    @Override
    public boolean isReleasable() {
      return parked;
    }
  }
}
