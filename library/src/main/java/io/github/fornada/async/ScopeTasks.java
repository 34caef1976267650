package io.github.fornada.async;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of a scope: a list of them, whether the scope is cancelled, and whether the last task
 * has ended.
 *
 * <p>All state of a scope that is not used by its owner alone is here and in {@link Child}: one
 * counter, one reason, and a list that only the owner changes. There is no lock. {@code
 * docs/memory-ordering.md} has which access pairs with which.
 */
abstract class ScopeTasks extends ScopeTasksLayout.SecondGap {
  /** The number of nodes in the list at which ended tasks are unlinked for the first time. */
  private static final int FIRST_SWEEP = 64; // Guess

  private static final VarHandle PENDING;
  private static final VarHandle CANCELLED;

  static {
    try {
      var lookup = MethodHandles.lookup();
      PENDING = lookup.findVarHandle(ScopeTasksLayout.OfTasks.class, "pending", int.class);
      CANCELLED = lookup.findVarHandle(ScopeTasks.class, "cancelled", String.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** How long a factory's thread may have ended before the owner notices. */
  private static final long DEAD_THREAD_CHECK_NANOS = 1_000_000_000; // Guess

  final Thread owner;

  /** Whether the threads come from a factory. */
  private final boolean isForeign;

  // null -> the reason. Set by compare-and-set, by any thread.
  private volatile @Nullable String cancelled;

  /**
   * Whether the time is up. Written once, by the timer, which then checks whether a task is left.
   */
  private volatile boolean isOverdue;

  ScopeTasks(Thread owner, boolean isForeign) {
    this.owner = owner;
    this.isForeign = isForeign;
    this.sweepAt = FIRST_SWEEP;
  }

  // ---- for the owner

  /**
   * Adds a task to the list and starts its thread, unless the scope is cancelled.
   *
   * @param gate what a thread factory's thread runs; null for any other thread
   * @return whether it was started
   */
  final boolean start(Child<?> child, Thread runner, @Nullable FactoryGate gate) {
    child.thread = runner;
    // Published first, then a check whether the scope is cancelled or its time is up; a thread that
    // cancels, and the timer, first write that and then read the list. So at least one of the two
    // stops this task.
    link(child);
    if (cancelled != null || isOverdue) {
      return false;
    }
    // Counted in `started`, it is added to pending only when the owner waits: none can miss that.
    if (gate == null) {
      runner.start();
      started++;
      return true;
    }
    gate.open();
    boolean whole = false;
    try {
      runner.start();
      whole = true;
    } finally {
      if (whole || !gate.shut()) { // a start that throws may have started it all the same
        started++;
      }
    }
    return true;
  }

  final int started() {
    return started;
  }

  private void link(Child<?> child) {
    if (linked >= sweepAt) {
      sweep();
    }
    child.next = newest;
    linked++;
    newest = child;
  }

  /**
   * Unlinks tasks that have ended. Other threads may traverse the list meanwhile: an unlinked node
   * still leads on to all tasks that run.
   */
  private void sweep() {
    int left = 0;
    Child<?> last = null;
    for (Child<?> child = newest; child != null; child = child.next) {
      if (!child.hasEnded()) {
        if (last == null) {
          newest = child;
        } else {
          last.next = child;
        }
        last = child;
        left++;
      }
    }
    if (last == null) {
      newest = null;
    } else {
      last.next = null;
    }
    linked = left;
    sweepAt = Math.max(FIRST_SWEEP, 2 * left);
  }

  /**
   * Waits until all tasks have ended, or the scope is cancelled.
   *
   * @return false if the owner was interrupted, and has no interrupt status any more
   */
  final boolean awaitEndOrCancel() {
    boolean ended = addStarted();
    while (!ended && cancelled == null) {
      if (Thread.interrupted()) {
        return false;
      }
      rest();
      ended = pending == 0;
    }
    return !Thread.interrupted();
  }

  /**
   * Waits until all tasks have ended, uninterruptibly.
   *
   * @return whether the owner was interrupted, and has no interrupt status any more
   */
  final boolean awaitEnd() {
    boolean interrupted = false;
    boolean ended = addStarted();
    while (!ended) {
      rest();
      interrupted |= Thread.interrupted();
      ended = pending == 0;
    }
    return interrupted;
  }

  private void rest() {
    if (!isForeign) {
      Parking.park(this);
      return;
    }
    Parking.park(this, DEAD_THREAD_CHECK_NANOS);
    for (Child<?> child = newest; child != null; child = child.next) {
      Thread runner = child.thread;
      if (runner != null && !runner.isAlive()) {
        child.wasNeverRun(null); // a task that ran sets its thread to null
      }
    }
  }

  /** Adds the started tasks to pending if that was not done yet; returns whether all have ended. */
  private boolean addStarted() {
    if (isAwaited) {
      return pending == 0;
    }
    isAwaited = true;
    return started == 0 || (int) PENDING.getAndAdd(this, started) + started == 0;
  }

  /**
   * Drops the list of a closed scope, so that a handle that is kept does not keep all tasks alive.
   */
  final void letGo() {
    newest = null;
  }

  // ---- for any thread

  /** Called by a task's thread as the last thing it does for this scope. */
  final void arrive() {
    if ((int) PENDING.getAndAdd(this, -1) == 1) {
      LockSupport.unpark(owner);
    }
  }

  final void cancel(String reason) {
    if (cancelled != null || !CANCELLED.compareAndSet(this, null, reason)) {
      return;
    }
    try {
      for (Child<?> child = newest; child != null; child = child.next) {
        child.stop();
      }
    } finally {
      LockSupport.unpark(owner);
    }
  }

  /**
   * Called by the timer when the time is up.
   *
   * @return whether a task has not ended
   */
  final boolean becomeOverdue() {
    isOverdue = true;
    // a volatile read, so that what tasks did before they decremented it is visible
    int _ = pending;
    for (Child<?> child = newest; child != null; child = child.next) {
      if (!child.hasEnded()) {
        return true;
      }
    }
    return false;
  }

  final boolean isOverdue() {
    return isOverdue;
  }

  /** Returns whether the scope is cancelled. */
  final boolean isCalledOff() {
    return cancelled != null;
  }

  /** Returns why the scope was cancelled; null if it was not. */
  final @Nullable String reason() {
    return cancelled;
  }

  final String whyCancelled() {
    String reason = cancelled;
    return reason == null ? TaskScope.BY_CALLER : reason;
  }
}
