package io.github.fornada.async;

import org.jspecify.annotations.Nullable;

/** A FIFO queue of waiters; any of them may leave. Guarded by the channel's lock. */
final class ChannelWaiters {
  /**
   * The first waiter, even if it is about to leave. For tests; other code calls {@link #first()}.
   */
  @Nullable ChannelWaiter first;

  private @Nullable ChannelWaiter last;

  void add(ChannelWaiter waiter) {
    waiter.queued = true;
    waiter.previous = last;
    if (last == null) {
      first = waiter;
    } else {
      last.next = waiter;
    }
    last = waiter;
  }

  /** Returns the first waiter; null if there is none. Waiters whose select is over do not count. */
  @Nullable ChannelWaiter first() {
    while (first != null && first.isClaimed()) {
      boolean _ = remove(first);
    }
    return first;
  }

  /**
   * Removes and returns the first waiter whose wait the caller may now end; null if there is none.
   */
  @Nullable ChannelWaiter claimFirst() {
    for (ChannelWaiter waiter = first; waiter != null; waiter = first) {
      boolean _ = remove(waiter);
      if (waiter.claim()) {
        return waiter;
      }
    }
    return null;
  }

  boolean isEmpty() {
    return first() == null;
  }

  /** Removes a waiter; returns whether it was still there. */
  boolean remove(ChannelWaiter waiter) {
    if (!waiter.queued) {
      return false;
    }
    waiter.queued = false;
    ChannelWaiter before = waiter.previous;
    ChannelWaiter after = waiter.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
    waiter.previous = null;
    waiter.next = null;
    return true;
  }
}
