package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

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

  /** How often a process that gets the lock next looks whether it has it, before it sleeps. */
  private static final int HEIR_SPINS =
      Runtime.getRuntime().availableProcessors() > 1 ? 1000 : 0; // Guess

  /** After this time a process that waits asks for the lock to be handed over to it. */
  private static final long TOO_LONG_NANOS = 1_000_000; // Guess; as in Go's sync.Mutex

  /** A process that is not rung asks ever less often, and at last after this time. */
  private static final long RARELY_NANOS = 1_000_000_000; // Guess: then it costs nothing

  /** How long a process that was woken, and overtaken, sleeps before it looks again. */
  private static final long NAP_NANOS = 50_000; // Guess: about as long as waking it takes

  /** So often at most, for each time that it was woken. */
  private static final int NAPS = 40; // Guess: some milliseconds

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
    } catch (IllegalStateException e) {
      throw region.explained(e); // its memory went at any moment, and says so in its own words
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
    } catch (IllegalStateException e) {
      throw region.explained(e);
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
    long died = takeSoon(memory, region.bell().id(), SPINS);
    if (died != NOT_ACQUIRED) {
      return died;
    }
    long left = nanos == FOR_EVER ? FOR_EVER : nanos - (System.nanoTime() - began);
    return left <= 0 ? NOT_ACQUIRED : await(left);
  }

  /**
   * Waits for the shared word; the local lock is held.
   *
   * <p>Where the word is taken again and again, a process that is woken comes too late, and each
   * time has cost the owner a ring. So it then naps, without its bit in the mask, and nobody rings
   * it. When it has waited for too long it asks for the word while it is awake: the owner hands it
   * over with its next release, and the word is not left unused until a sleeper is awake. Only one
   * can have asked. The others are rung in turn when the word is released, and ask then; that they
   * ask unrung, too, must cost nothing where an owner keeps the word for minutes.
   */
  private long await(long nanos) throws InterruptedException {
    MemorySegment memory = region.segment();
    Bell bell = region.bell();
    int seat = bell.seat();
    long began = System.nanoTime();
    long died = NOT_ACQUIRED;
    int naps = 0;
    long pause = TOO_LONG_NANOS;
    Sleeper self = bell.add(region.keyOf(at));
    try {
      while (true) {
        region.requireOpen();
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
        long early = tooEarly(memory, waited);
        boolean isHeir = early <= 0 && OwnerWord.ask(memory, at, seat);
        if (isHeir) {
          died = takeSoon(memory, bell.id(), HEIR_SPINS);
          if (died != NOT_ACQUIRED) {
            return died;
          }
        } else if (naps > 0) {
          naps--;
          long nap = early > 0 ? Math.min(early, NAP_NANOS) : NAP_NANOS;
          LockSupport.parkNanos(this, Math.min(left, nap));
          continue;
        }
        boolean _ = WaitBits.set(memory, at + OwnerWord.BITS, seat);
        // It may have become free, or been handed over, before the bit was seen.
        died = OwnerWord.tryTake(memory, at, bell.id());
        if (died != NOT_ACQUIRED) {
          return died;
        }
        long askAgain = isHeir ? FOR_EVER : early > 0 ? early : pause;
        bell.await(self, this, Math.min(left, askAgain));
        // While it is awake nobody need ring.
        boolean rung = !WaitBits.clear(memory, at + OwnerWord.BITS, seat);
        if (rung) {
          naps = NAPS;
          pause = TOO_LONG_NANOS;
        } else if (early <= 0) {
          pause = Math.min(2 * pause, RARELY_NANOS);
        }
      }
    } finally {
      bell.remove(self);
      leave(memory, bell, seat, died == NOT_ACQUIRED);
    }
  }

  private long takeSoon(MemorySegment memory, long id, int spins) {
    for (int i = 0; i < spins; i++) {
      long died = OwnerWord.tryTake(memory, at, id);
      if (died != NOT_ACQUIRED) {
        return died;
      }
      Thread.onSpinWait();
    }
    return OwnerWord.tryTake(memory, at, id);
  }

  /**
   * Returns for how long it is too early to ask for the word. Those that have waited for longer may
   * ask earlier after a hand-over, so that they come first.
   *
   * @param waited how long this process has waited
   */
  private long tooEarly(MemorySegment memory, long waited) {
    long last = (long) Region.LONG.getVolatile(memory, at + OwnerWord.HANDED_AT);
    long since = System.nanoTime() - last;
    long pause = TOO_LONG_NANOS - waited / 4;
    return Math.max(TOO_LONG_NANOS - waited, since < 0 ? 0 : pause - since);
  }

  /** Ends the wait. What was meant for this process is passed on if it has given up. */
  private void leave(MemorySegment memory, Bell bell, int seat, boolean givesUp) {
    if (!region.isOpen()) {
      return;
    }
    if (givesUp) {
      OwnerWord.withdraw(memory, at, seat);
      if (OwnerWord.isOwnedBy(memory, at, bell.id())) { // it was handed over meanwhile
        OwnerWord.release(region, at, 0);
      }
    }
    boolean rung = !WaitBits.clear(memory, at + OwnerWord.BITS, seat);
    if (givesUp && rung) {
      OwnerWord.ringNext(region, at);
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
        OwnerWord.release(region, at, died);
      }
    } catch (IllegalStateException e) {
      throw region.explained(e);
    } finally {
      local.unlock();
    }
  }
}
