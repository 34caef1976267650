package io.github.fornada.async;

import org.jspecify.annotations.Nullable;

/**
 * A FIFO queue of waiting threads. Guarded by its owner's lock.
 *
 * <p>A thread that gives up is unlinked in constant time. The synchronizers of {@code
 * java.util.concurrent} traverse the queue for that, which takes quadratic time if all waiting
 * threads give up.
 */
final class WaitQueue {

  /** A waiting thread. */
  static final class Waiter {
    final Thread thread = Thread.currentThread();
    private @Nullable Waiter before;
    private @Nullable Waiter after;

    /** Set under the lock by the thread that ends this wait; read by the waiting one without it. */
    volatile boolean isServed;
  }

  private @Nullable Waiter first;
  private @Nullable Waiter last;
  private int size;

  int size() {
    return size;
  }

  @Nullable Waiter first() {
    return first;
  }

  /** Adds the calling thread at the end. */
  Waiter join() {
    var waiter = new Waiter();
    waiter.before = last;
    if (last == null) {
      first = waiter;
    } else {
      last.after = waiter;
    }
    last = waiter;
    size++;
    return waiter;
  }

  /** Removes a waiter that is in this queue. */
  void leave(Waiter waiter) {
    Waiter before = waiter.before;
    Waiter after = waiter.after;
    if (before == null) {
      first = after;
    } else {
      before.after = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.before = before;
    }
    waiter.before = null;
    waiter.after = null;
    size--;
  }
}
