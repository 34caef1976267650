package io.github.fornada.async;

import org.jspecify.annotations.Nullable;

/**
 * Threads that wait for their turn, in the order in which they came. Guarded by its owner's lock.
 *
 * <p>Whoever gives up leaves from the middle at once. The queue in {@code java.util.concurrent}'s
 * synchronizers is walked for that, which makes giving up all together quadratic.
 */
final class WaitQueue {

  /** One thread's place. */
  static final class Waiter {
    final Thread thread = Thread.currentThread();
    private @Nullable Waiter before;
    private @Nullable Waiter after;

    /** Set under the lock by who lets this thread go on; read by the thread without the lock. */
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

  /** Puts the calling thread at the end. */
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

  /** Takes out a waiter that is in this line, wherever it is. */
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
