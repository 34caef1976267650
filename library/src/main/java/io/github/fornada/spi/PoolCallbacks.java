package io.github.fornada.spi;

import io.github.fornada.jvm.CallbackThread;
import io.github.fornada.jvm.Callbacks;
import java.time.Duration;

/**
 * The user code of one pool that belongs to no task, such as the dependents of its futures. It runs
 * on {@link Callbacks}; this class counts how many of its calls have not returned.
 */
final class PoolCallbacks {
  /** The number of calls that have begun or are about to begin. Guarded by the monitor. */
  private int open;

  /**
   * Runs {@code action} soon on a callback thread. Never waits and never throws.
   *
   * @param call the call that it belongs to: the action runs with that call's context class loader,
   *     and calls made within it count as made on behalf of the same worker
   */
  void run(Sink<?, ?> call, Runnable action) {
    Runnable counted =
        () -> {
          try {
            Thread.currentThread().setContextClassLoader(call.contextLoader);
            action.run();
          } finally {
            change(-1);
          }
        };
    change(1); // after the last that may fail for want of memory
    Callbacks.run(call.origin, counted);
  }

  private synchronized void change(int by) {
    open += by;
    if (open == 0) {
      notifyAll();
    }
  }

  /** Returns whether some call has not returned. */
  synchronized boolean areOpen() {
    return open > 0;
  }

  /**
   * Waits until all calls have returned, at most for {@code limit}, because user code may hang.
   * Does not wait in a callback, or if the calling thread is interrupted.
   */
  void awaitNone(Duration limit) {
    if (CallbackThread.isCurrent()) {
      return;
    }
    long deadline = System.nanoTime() + limit.toNanos();
    synchronized (this) {
      while (open > 0) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return;
        }
        try {
          wait(left / 1_000_000 + 1);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }
}
