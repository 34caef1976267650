package io.github.fornada.async;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One wait of a {@link Select}: which of its waiters was served. */
final class Selection {
  private static final int SPINS = 100; // Guess
  private static final long MOMENT_NANOS = 10_000; // Guess

  /**
   * Set once: by a thread that holds the lock of one of the channels, or by a select that gives up.
   */
  private final AtomicBoolean claimed = new AtomicBoolean();

  /** Set after the claim, by the same thread, with what it handed over written before. */
  private volatile @Nullable ChannelWaiter winner;

  boolean claim() {
    return claimed.compareAndSet(false, true);
  }

  boolean isClaimed() {
    return claimed.get();
  }

  void won(ChannelWaiter waiter) {
    winner = waiter;
  }

  /**
   * Waits for the winner; null if the wait was given up because of an interrupt or the deadline.
   */
  @Nullable ChannelWaiter await(Object blocker, Deadline deadline) {
    boolean interrupted = false;
    int checks = 0;
    while (winner == null) {
      long left = deadline.isSet() ? deadline.nanosLeft() : Long.MAX_VALUE;
      if ((left <= 0 || Thread.currentThread().isInterrupted()) && claim()) {
        return null;
      }
      if (isClaimed()) {
        // Another thread is serving it. That takes a few instructions, unless that thread must wait
        // for the ring or for a processor. A virtual thread may even wait for the carrier of this
        // one.
        if (++checks < SPINS) {
          Thread.onSpinWait();
        } else {
          interrupted |= Thread.interrupted(); // with the status set, park would return at once
          LockSupport.parkNanos(blocker, MOMENT_NANOS);
        }
      } else if (deadline.isSet()) {
        Parking.park(blocker, left);
      } else {
        Parking.park(blocker);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return winner;
  }
}
