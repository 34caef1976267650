package io.github.fornada.async;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A thread that waits in a queue of a {@link Channel}: to receive, or with an element to send. Used
 * once. The thread of a {@link Select} has one for each of its clauses, which share a {@link
 * Selection}.
 */
final class ChannelWaiter {
  /**
   * How often the state is read before the thread parks. Parking a virtual thread and waking it
   * again, at worst on another carrier, costs some microseconds; the other side of a busy channel
   * acts within one. Measured with two threads on two processors: see docs/decisions/0019.
   */
  static final int SPINS = Runtime.getRuntime().availableProcessors() > 1 ? 64 : 0;

  private static final int SPINNING = 0;
  private static final int PARKED = 1;
  private static final int DONE = 2;
  private static final int RETRY = 3;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(ChannelWaiter.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Thread thread = Thread.currentThread();

  /** Null for a thread that waits in one channel only. */
  private final @Nullable Selection selection;

  /** The index of the clause, for the thread of a select. */
  final int clause;

  /**
   * To send: the element, set before the waiter is queued. To receive: the element, set before the
   * state is DONE, and read after.
   */
  @Nullable Object element;

  // SPINNING -> PARKED, by the waiting thread; both -> DONE or RETRY, by the thread that ends the
  // wait, once, under the channel's lock.
  @SuppressWarnings("FieldMayBeFinal") // by STATE
  private volatile int state = SPINNING;

  // Guarded by the channel's lock.
  @Nullable ChannelWaiter next;
  @Nullable ChannelWaiter previous;
  boolean queued;

  ChannelWaiter(@Nullable Object element, @Nullable Selection selection, int clause) {
    this.element = element;
    this.selection = selection;
    this.clause = clause;
  }

  /** Returns whether its thread waits in several channels. */
  boolean isShared() {
    return selection != null;
  }

  /** Returns whether the thread was served in another channel, or has given up. */
  boolean isClaimed() {
    return selection != null && selection.isClaimed();
  }

  /**
   * Returns whether the caller, which holds the channel's lock and has unqueued this, may end the
   * wait.
   */
  boolean claim() {
    return selection == null || selection.claim();
  }

  /**
   * Ends the wait, after {@link #claim}. Returns whether the thread must be woken, by {@link
   * #wake}.
   */
  boolean complete() {
    return end(DONE);
  }

  /** Ends the wait without handing over an element: the thread must try again. */
  boolean completeToRetry() {
    return end(RETRY);
  }

  private boolean end(int how) {
    boolean parked = (int) STATE.getAndSet(this, how) == PARKED;
    if (selection == null) {
      return parked;
    }
    selection.won(this);
    return true;
  }

  void wake() {
    LockSupport.unpark(thread);
  }

  boolean isOver() {
    return state >= DONE;
  }

  boolean isDone() {
    return state == DONE;
  }

  /** Spins for a moment; returns whether the wait is over. */
  boolean isOverSoon() {
    for (int i = SPINS; i > 0; i--) {
      if (isOver()) {
        return true;
      }
      Thread.onSpinWait();
    }
    return false;
  }

  /** Parks until the wait is over, the thread is interrupted, or the deadline has passed. */
  void await(Object blocker, Deadline deadline) {
    if (!STATE.compareAndSet(this, SPINNING, PARKED)) {
      return;
    }
    while (!isOver() && !thread.isInterrupted()) {
      if (!deadline.isSet()) {
        Parking.park(blocker);
      } else {
        long left = deadline.nanosLeft();
        if (left <= 0) {
          return;
        }
        Parking.park(blocker, left);
      }
    }
  }
}
