package io.github.fornada.threads;

import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps track of a pool's workers, and decides which one new work wakes or starts.
 *
 * <p>At most one worker at a time is <em>searching</em>: it was woken or started because of new
 * work and has not found any yet. When it has found some, and there is more, it calls the next. So
 * a burst of submits costs one wake-up, and yet no work waits while a worker is idle. (Go's
 * scheduler keeps its spinning threads by the same rule.) This depends on two rules:
 *
 * <ul>
 *   <li>The caller that adds work queues it before it calls {@link #call}. A worker checks the
 *       queue once more after it is marked as not searching, as idle, or as gone. So one of the two
 *       sees the other.
 *   <li>What the worker finds in that check may be work whose caller relied on this worker. So the
 *       worker counts as searching again: otherwise it would take one piece of work, and no worker
 *       would be called for the next.
 * </ul>
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // one lock guards all writes
final class Roster {
  /** The maximum number of spare workers at a time, as in the common ForkJoinPool by default. */
  private static final int MAX_SPARES = 256;

  /**
   * How long a thread without work stays. It ends then so that an abandoned pool can be collected.
   */
  private static final Duration IDLE = Duration.ofSeconds(30); // Guess

  /** The roster's view of one worker. A new member counts as searching, unless it is a spare. */
  static final class Member {
    final int number;

    /**
     * Whether it exists in addition to the pool's maximum, for when all others wait. It never
     * counts as idle.
     */
    final boolean spare;

    /** The generation of its thread: see {@link #change}. */
    final int generation;

    /** Whether it is counted in {@code live}. Guarded by lock. */
    private boolean counted = true;

    /**
     * Whether it was called for work and has not found any yet. Written under lock; read by its own
     * thread.
     */
    private boolean searching;

    Member(int number) {
      this(number, false, 0);
    }

    private Member(int number, boolean spare, int generation) {
      this.number = number;
      this.spare = spare;
      this.generation = generation;
      this.searching = !spare;
    }
  }

  private final BooleanSupplier hasWork;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();

  // Written under lock, read by any thread.
  private volatile int most;
  private volatile int generation;
  private volatile int live;
  private volatile int idle;
  private volatile int searching;

  // Guarded by lock.
  private boolean keepsIdle;
  private final BitSet numbers = new BitSet();
  private int wakeUps;
  private int spares;
  private boolean ending;

  /**
   * Creates a roster without workers.
   *
   * @param most the maximum number of workers at a time
   * @param keepsIdle whether a worker without work waits for more, rather than ending
   * @param hasWork returns whether a worker would find work; called under the lock
   */
  Roster(int most, boolean keepsIdle, BooleanSupplier hasWork) {
    this.most = most;
    this.keepsIdle = keepsIdle;
    this.hasWork = hasWork;
  }

  /**
   * Called after work was queued. Wakes a worker if none is searching.
   *
   * @return a worker that the caller must start; null for none
   * @throws OutOfMemoryError if there is no memory for it; nothing has changed then
   */
  @Nullable Member call() {
    if (searching > 0 || (idle == 0 && live >= most)) {
      return null;
    }
    lock.lock();
    try {
      if (searching > 0 || ending) {
        return null;
      }
      if (idle > 0) {
        idle--;
        searching++;
        wakeUps++;
        wake.signal();
      } else if (live < most) {
        Member member = member(false);
        live++;
        searching++;
        return member;
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Makes a worker that is not counted yet. Under lock. */
  private Member member(boolean spare) {
    int number = numbers.nextClearBit(0);
    var member = new Member(number, spare, generation);
    numbers.set(number);
    return member;
  }

  /**
   * Adds a spare worker, which the caller must start. For a pool in which every other worker waits
   * for items of the same pool.
   *
   * @return null if there are too many already, or a worker is free after all
   */
  @Nullable Member addSpare() {
    lock.lock();
    try {
      if (ending || searching > 0 || idle > 0 || live < most || spares == MAX_SPARES) {
        return null;
      }
      Member spare = member(true);
      spares++;
      return spare;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Changes the maximum number of workers. Workers that are too many leave when they have ended
   * what they have begun, and so do all workers of an earlier generation; until then they count.
   * The caller must then {@linkplain #call call} a worker if there is work.
   *
   * @param keepsIdle whether a worker without work waits for more, rather than ending
   * @param newThreads whether workers have other threads from now on: a new generation begins
   */
  void change(int most, boolean keepsIdle, boolean newThreads) {
    lock.lock();
    try {
      this.most = most;
      this.keepsIdle = keepsIdle;
      if (newThreads) {
        generation++;
        wake.signalAll(); // those of the earlier generation leave
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Called by a worker before it looks for work. Returns true if it must end instead, because there
   * are too many; the worker no longer counts then.
   */
  boolean mustLeave(Member member) {
    if (member.spare || (live <= most && member.generation == generation)) {
      return false;
    }
    lock.lock();
    try {
      if (live <= most && member.generation == generation) {
        return false;
      }
      stopSearching(member);
      discount(member);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many workers there are, spare ones aside. */
  int live() {
    return live;
  }

  /** Returns whether one more worker could work now. */
  boolean isSomebodyFree() {
    return idle > 0 || live < most;
  }

  /**
   * Called when a worker has found work. Returns whether it was searching, and so must call another
   * worker if there is more work.
   */
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
      boolean more = true; // where there is no memory to look, it looks again itself
      try {
        more = hasWork.getAsBoolean();
      } finally {
        idle -= more ? 1 : 0;
      }
      if (more) {
        searchAgain(member);
        return true;
      }
      long left = IDLE.toNanos();
      while (wakeUps == 0 && !ending && left > 0 && member.generation == generation) {
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

  /**
   * Waits for a wake-up. Interrupts are meant for tasks, never for this wait. Returns the
   * nanoseconds left.
   */
  @SuppressWarnings("WaitNotInLoop") // the caller loops
  private long awaitWakeUp(long nanos) {
    long deadline = System.nanoTime() + nanos;
    try {
      return wake.awaitNanos(nanos);
    } catch (InterruptedException e) {
      return deadline - System.nanoTime();
    }
  }

  /** Stops counting the worker, unless there is work after all. Under lock. */
  private boolean leaves(Member member) {
    live--;
    boolean stays;
    try {
      stays = hasWork.getAsBoolean();
    } finally {
      live++;
    }
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
   * Removes a worker that has ended, or that was left behind in its task, so that another may
   * replace it. May be called twice, and by any thread.
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

  /**
   * Called when no more work will come: idle workers end. Returns whether there are no workers at
   * all.
   */
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

  /** Returns whether no more work will come. */
  boolean isEnding() {
    lock.lock();
    try {
      return ending;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether no more work will come and no worker is left. */
  boolean isOver() {
    lock.lock();
    try {
      return ending && live + spares == 0;
    } finally {
      lock.unlock();
    }
  }
}
