package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/**
 * A lock for the threads of several processes. Threads of one process wait for each other in this
 * process, so that one of them at most waits for the shared word. If a process dies with it, the
 * next owner is told.
 */
public final class Mutex {
  /** Returned by an acquire that has not succeeded. */
  public static final long NOT_ACQUIRED = OwnerWord.TAKEN;

  /** No limit of a wait, in nanoseconds. */
  public static final long FOR_EVER = Long.MAX_VALUE;

  private static final int SPINS =
      Runtime.getRuntime().availableProcessors() > 1 ? 100 : 0; // Guess

  /** After this time a process that waits asks for the lock to be handed over to it. */
  private static final long TOO_LONG_NANOS = 1_000_000; // Guess; as in Go's sync.Mutex

  private final Region region;
  private final long at;

  /** Held by the thread of this process that has the lock, or waits for the shared word. */
  private final LocalLock local;

  /**
   * Creates this process's view of the lock in a line of shared memory.
   *
   * @param number which of the region's locks
   */
  public Mutex(Region region, int number) {
    this.region = region;
    this.at = Region.line(number);
    this.local = new LocalLock(region);
  }

  /** Returns whether the calling thread has the lock. */
  public boolean isHeld() {
    return local.isHeldByCurrentThread();
  }

  /** Returns how often the calling thread has acquired the lock and not released it. */
  public int holds() {
    return local.getHoldCount();
  }

  /** Acquires the lock if that is possible at once. The result is that of {@link #acquire}. */
  public long tryAcquire() {
    if (!local.tryLock()) {
      return NOT_ACQUIRED;
    }
    boolean acquired = false;
    try {
      long died =
          local.getHoldCount() > 1
              ? 0
              : OwnerWord.tryTake(region.segment(), at, region.bell().id());
      acquired = died != NOT_ACQUIRED;
      return died;
    } finally {
      if (!acquired) {
        local.unlock();
      }
    }
  }

  /**
   * Acquires the lock.
   *
   * @param nanos how long to wait at most
   * @return 0; or the number of the process that died with the lock; or {@link #NOT_ACQUIRED} if
   *     the time was over
   * @throws IllegalStateException if the object was freed
   */
  public long acquire(long nanos) throws InterruptedException {
    long began = nanos == FOR_EVER ? 0 : System.nanoTime();
    if (nanos == FOR_EVER) {
      local.lockInterruptibly();
    } else if (!local.tryLock(nanos, TimeUnit.NANOSECONDS)) {
      return NOT_ACQUIRED;
    }
    boolean acquired = false;
    try {
      long died = local.getHoldCount() > 1 ? 0 : take(nanos, began);
      acquired = died != NOT_ACQUIRED;
      return died;
    } finally {
      if (!acquired) {
        local.unlock();
      }
    }
  }

  /** Acquires the lock. An interrupt does not end the wait; it is kept. */
  public void acquireUninterruptibly() {
    boolean interrupted = false;
    while (true) {
      try {
        long _ = acquire(FOR_EVER);
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private long take(long nanos, long began) throws InterruptedException {
    MemorySegment memory = region.segment();
    long id = region.bell().id();
    for (int i = 0; i <= SPINS; i++) {
      long died = OwnerWord.tryTake(memory, at, id);
      if (died != NOT_ACQUIRED) {
        return died;
      }
      Thread.onSpinWait();
    }
    long left = nanos == FOR_EVER ? FOR_EVER : nanos - (System.nanoTime() - began);
    return left <= 0 ? NOT_ACQUIRED : await(left);
  }

  /** Waits for the shared word; the local lock is held. */
  private long await(long nanos) throws InterruptedException {
    MemorySegment memory = region.segment();
    Bell bell = region.bell();
    int seat = bell.seat();
    Thread self = Thread.currentThread();
    long began = System.nanoTime();
    long died = NOT_ACQUIRED;
    bell.add(self);
    try {
      while (true) {
        region.requireOpen();
        WaitBits.set(memory, at + OwnerWord.BITS, seat);
        died = OwnerWord.tryTake(memory, at, bell.id());
        if (died != NOT_ACQUIRED) {
          return died;
        }
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while waiting for a shared lock");
        }
        long waited = System.nanoTime() - began;
        if (nanos != FOR_EVER && waited >= nanos) {
          return NOT_ACQUIRED;
        }
        long left = nanos == FOR_EVER ? FOR_EVER : nanos - waited;
        long early = Math.max(TOO_LONG_NANOS - waited, tooEarly(memory));
        if (early > 0) {
          bell.await(this, Math.min(left, early));
        } else {
          OwnerWord.ask(memory, at, seat);
          // It may have become free before it was asked for.
          if (OwnerWord.isFree(memory, at)) {
            continue;
          }
          bell.await(this, left);
        }
      }
    } finally {
      bell.remove(self);
      leave(memory, bell, seat, died == NOT_ACQUIRED);
    }
  }

  /**
   * Returns for how long it is too early for another hand-over. Each leaves the lock unused until a
   * sleeper is awake; if those that wait asked as soon as they may, there would be nothing else.
   */
  private long tooEarly(MemorySegment memory) {
    long last = (long) Region.LONG.getVolatile(memory, at + OwnerWord.HANDED_AT);
    long since = System.nanoTime() - last;
    return since < 0 ? 0 : TOO_LONG_NANOS - since;
  }

  /** Ends the wait. What was meant for this process is passed on if it has given up. */
  private void leave(MemorySegment memory, Bell bell, int seat, boolean givesUp) {
    if (!region.isOpen()) {
      return;
    }
    if (givesUp) {
      OwnerWord.withdraw(memory, at, seat);
      if (OwnerWord.isOwnedBy(memory, at, bell.id())) { // it was handed over meanwhile
        OwnerWord.release(memory, at, 0, bell);
      }
    }
    boolean rung = !WaitBits.clear(memory, at + OwnerWord.BITS, seat);
    if (givesUp && rung) {
      WaitBits.ringOne(memory, at + OwnerWord.BITS, bell, 0);
    }
  }

  /**
   * Releases the lock once.
   *
   * @throws IllegalMonitorStateException if the calling thread does not have it
   */
  public void release() {
    release(0);
  }

  /**
   * Releases the lock once, as one whose owner has died.
   *
   * @param died the process that died with it; 0 for none
   */
  public void release(long died) {
    if (!local.isHeldByCurrentThread()) {
      throw new IllegalMonitorStateException(
          "this thread does not hold the shared lock: only the thread that acquired it releases"
              + " it");
    }
    try {
      if (local.getHoldCount() == 1) {
        OwnerWord.release(region.segment(), at, died, region.bell());
      }
    } finally {
      local.unlock();
    }
  }
}
