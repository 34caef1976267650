package io.github.fornada.async;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of a scope: which there are, whether they are wanted, and when the last one has ended.
 *
 * <p>All that is not simply its owner's is here and in {@link Child}: one counter, one reason, and
 * a list that only the owner changes. There is no lock. {@code docs/memory-ordering.md} has which
 * access pairs with which.
 */
abstract class ScopeTasks extends ScopeTasksLayout.SecondGap {
  /** Nodes in the list before the first look for ended ones. */
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

  /** How long a thread that others have made may have ended before somebody notices. */
  private static final long LOOK_NANOS = 1_000_000_000; // Guess

  final Thread owner;

  /** Whether the threads come from a factory of the user's. */
  private final boolean isForeign;

  // null -> why. By compare-and-set, by any thread.
  private volatile @Nullable String cancelled;

  /** The time is up. Written once, by the timer, which then looks whether a task is left. */
  private volatile boolean isOverdue;

  ScopeTasks(Thread owner, boolean isForeign) {
    this.owner = owner;
    this.isForeign = isForeign;
    this.sweepAt = FIRST_SWEEP;
  }

  // ---- the owner's

  /**
   * Puts a task on the roll and starts its thread, unless the scope is cancelled.
   *
   * @return whether it was started
   */
  final boolean start(Child<?> child, Thread runner) {
    child.thread = runner;
    // Published first, then a look at whether the scope is cancelled or its time is up; who
    // cancels, and the timer, do both the other way round. So one of the two sees to this task.
    link(child);
    if (cancelled != null || isOverdue) {
      return false;
    }
    runner.start();
    started++; // counted only when it waits, so nobody can have missed it
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
   * Unlinks what has ended. Others may be on their way along the list meanwhile: a node that is
   * unlinked still leads on to all that run.
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
   * Waits until all have ended, or the scope is cancelled.
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
   * Waits until all have ended, whatever happens.
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
      LockSupport.park(this);
      return;
    }
    LockSupport.parkNanos(this, LOOK_NANOS);
    for (Child<?> child = newest; child != null; child = child.next) {
      Thread runner = child.thread;
      if (runner != null && !runner.isAlive()) {
        child.wasNeverRun(null); // its last act would have been to say so
      }
    }
  }

  /** Begins to wait, if that is still to be done; tells whether all have ended. */
  private boolean addStarted() {
    if (isAwaited) {
      return pending == 0;
    }
    isAwaited = true;
    return started == 0 || (int) PENDING.getAndAdd(this, started) + started == 0;
  }

  /** Of a scope that has closed, handles may be kept: not so all of its tasks. */
  final void letGo() {
    newest = null;
  }

  // ---- anybody's

  /** A task's thread has done all it does for this scope. */
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
   * The time is up.
   *
   * @return whether that is too early for a task: one has not ended
   */
  final boolean becomeOverdue() {
    isOverdue = true;
    int _ = pending; // so that what tasks did before they took themselves off it is seen
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

  /** Whether its tasks are not wanted any more. */
  final boolean isCalledOff() {
    return cancelled != null;
  }

  /** Why the scope was cancelled; null if it was not. */
  final @Nullable String reason() {
    return cancelled;
  }

  final String whyCancelled() {
    String reason = cancelled;
    return reason == null ? TaskScope.BY_CALLER : reason;
  }
}
