package io.github.fornada.threads;

import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which of a pool's workers are there, and whom new work calls.
 *
 * <p>At most one worker at a time is on its way to the queue because of new work; when it has found
 * some, and there is more, it calls the next. So a burst of submits costs one wake-up, and yet no
 * work waits beside an idle worker. (Go's scheduler keeps its spinning threads by the same rule.)
 * That rests on two things:
 *
 * <ul>
 *   <li>An order: who adds work calls after it has queued it, and a worker looks at the queue once
 *       more after it has said that it searches no longer, or is idle, or gone.
 *   <li>What it finds then may be what a caller left to it, so it searches again from there on:
 *       else it would take one piece of work, and nobody would be called for the next.
 * </ul>
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // one lock guards all writes
final class Roster {
  /** Instead of the number of a worker to be started. */
  static final int NOBODY = -1;

  /** The most spare workers at a time, as many as the common ForkJoinPool has by default. */
  private static final int MAX_SPARES = 256;

  /** How long a thread without work stays, so that a pool that was forgotten can be collected. */
  private static final Duration IDLE = Duration.ofSeconds(30); // Guess

  /** A worker, as the roster sees it. It is new, and on its way to the queue. */
  static final class Member {
    final int number;

    /** Whether it is there beyond the most, as long as all others wait. It is never idle. */
    final boolean spare;

    /** Whether it is among the live ones. Guarded by lock. */
    private boolean counted = true;

    /** Whether it was called for work and has not found it. Written under lock; read by itself. */
    private boolean searching;

    Member(int number) {
      this(number, false);
    }

    private Member(int number, boolean spare) {
      this.number = number;
      this.spare = spare;
      this.searching = !spare;
    }
  }

  private final int most;
  private final boolean keepsIdle;
  private final BooleanSupplier hasWork;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();

  // Written under lock, read by any thread.
  private volatile int live;
  private volatile int idle;
  private volatile int searching;

  // Guarded by lock.
  private final BitSet numbers = new BitSet();
  private int wakeUps;
  private int spares;
  private boolean ending;

  /**
   * A roster of nobody.
   *
   * @param most the most workers at a time
   * @param keepsIdle whether a worker without work waits for some, rather than ending
   * @param hasWork whether a worker would find something; asked under the lock
   */
  Roster(int most, boolean keepsIdle, BooleanSupplier hasWork) {
    this.most = most;
    this.keepsIdle = keepsIdle;
    this.hasWork = hasWork;
  }

  /**
   * Work was queued: wakes a worker, if that is called for.
   *
   * @return the number of a worker that the caller must start, or {@link #NOBODY}
   */
  int call() {
    if (searching > 0 || (idle == 0 && live >= most)) {
      return NOBODY;
    }
    lock.lock();
    try {
      if (searching > 0 || ending) {
        return NOBODY;
      }
      if (idle > 0) {
        idle--;
        searching++;
        wakeUps++;
        wake.signal();
      } else if (live < most) {
        live++;
        searching++;
        int number = numbers.nextClearBit(0);
        numbers.set(number);
        return number;
      }
      return NOBODY;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Adds a spare worker, which the caller must start: every other waits for items of its own pool.
   *
   * @return null if there are too many already, or a worker is free after all
   */
  @Nullable Member addSpare() {
    lock.lock();
    try {
      if (ending || searching > 0 || idle > 0 || live < most || spares == MAX_SPARES) {
        return null;
      }
      spares++;
      int number = numbers.nextClearBit(0);
      numbers.set(number);
      return new Member(number, true);
    } finally {
      lock.unlock();
    }
  }

  /** Whether one more worker could be at work now. */
  boolean isSomebodyFree() {
    return idle > 0 || live < most;
  }

  /** A worker has work. Returns whether it was called for it, and so must call for more. */
  boolean found(Member member) {
    if (!member.searching) {
      return false;
    }
    lock.lock();
    try {
      stopSearching(member);
    } finally {
      lock.unlock();
    }
    return true;
  }

  /** Returns when there may be work; false if the worker should end. Interrupts are ignored. */
  boolean awaitCall(Member member) {
    lock.lock();
    try {
      stopSearching(member);
      if (ending) {
        return false;
      }
      if (!keepsIdle) {
        return !leaves(member);
      }
      idle++;
      if (hasWork.getAsBoolean()) {
        idle--;
        searchAgain(member);
        return true;
      }
      long left = IDLE.toNanos();
      while (wakeUps == 0 && !ending && left > 0) {
        left = awaitWakeUp(left);
      }
      if (wakeUps > 0) {
        wakeUps--; // call() has counted it as searching instead of idle
        member.searching = true;
        return true;
      }
      idle--;
      return !ending && !leaves(member);
    } finally {
      lock.unlock();
    }
  }

  /** Interrupts mean tasks, never the wait for them. Returns the nanoseconds left. */
  @SuppressWarnings("WaitNotInLoop") // the caller loops
  private long awaitWakeUp(long nanos) {
    long deadline = System.nanoTime() + nanos;
    try {
      return wake.awaitNanos(nanos);
    } catch (InterruptedException e) {
      return deadline - System.nanoTime();
    }
  }

  /** Counts the worker no more, unless there is work after all. Under lock. */
  private boolean leaves(Member member) {
    live--;
    boolean stays = hasWork.getAsBoolean();
    live++;
    if (stays) {
      searchAgain(member);
    } else {
      discount(member);
    }
    return !stays;
  }

  /** Under lock. */
  private void searchAgain(Member member) {
    member.searching = true;
    searching++;
  }

  /** Under lock. */
  private void stopSearching(Member member) {
    if (member.searching) {
      member.searching = false;
      searching--;
    }
  }

  /**
   * A worker is not there any more, or was left behind in its work, so that another may take its
   * place. It may be said twice, and by any thread.
   *
   * @return how many are left
   */
  int remove(Member member) {
    lock.lock();
    try {
      stopSearching(member);
      discount(member);
      return live + spares;
    } finally {
      lock.unlock();
    }
  }

  /** Under lock. */
  private void discount(Member member) {
    if (member.counted) {
      member.counted = false;
      if (member.spare) {
        spares--;
      } else {
        live--;
      }
      numbers.clear(member.number);
    }
  }

  /** No work will come any more: idle workers end. Returns whether there are none at all. */
  boolean end() {
    lock.lock();
    try {
      ending = true;
      wake.signalAll();
      return live + spares == 0;
    } finally {
      lock.unlock();
    }
  }

  /** Whether no work will come, and nobody is left. */
  boolean isOver() {
    lock.lock();
    try {
      return ending && live + spares == 0;
    } finally {
      lock.unlock();
    }
  }
}
