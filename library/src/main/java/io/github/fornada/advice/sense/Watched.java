package io.github.fornada.advice.sense;

import org.jspecify.annotations.Nullable;

/** A thread that a {@link Sampler} looks at. All fields are guarded by the sampler's lock. */
final class Watched {
  /** After so many looks, a wait in the run queue has probably ended at one of them. */
  private static final int LOOKS_TO_SETTLE = 6; // Guess

  final Thread thread;
  final boolean virtual;

  /** The kernel's view of it; null for a virtual thread, and until it is found. */
  @Nullable NativeThread inKernel;

  /** When it was looked at last, and in which look; 0 for never. */
  long at;

  long look;

  /** Its processor time then; -1 if unknown. */
  long cpuNanos = -1;

  /** Its time in the run queue then; -1 if unknown. */
  long queueNanos = -1;

  /**
   * The time in which it neither ran nor waited to run, as far as that is known, and that was not
   * counted yet. The kernel counts a wait in the run queue when it ends: while one goes on, this is
   * too large, and it returns to what it was.
   */
  double carry;

  /** The smallest {@link #carry} of the latest looks, and their number. */
  private double lowest = Double.POSITIVE_INFINITY;

  private int looks;

  /** Since when it has been off the processor. */
  long offSince;

  /** When its stack was asked for and has not come; 0 for no such time. */
  long askedAt;

  Watched(Thread thread) {
    this.thread = thread;
    this.virtual = thread.isVirtual();
  }

  /** Notes the time not accounted for, at a look at which it may wait in the run queue. */
  void keep(double nanos) {
    carry = nanos;
    lowest = Math.min(lowest, nanos);
    looks++;
  }

  /** Forgets what was kept: at a look at which it waits for something, all is known. */
  void settle() {
    lowest = Double.POSITIVE_INFINITY;
    looks = 0;
  }

  /**
   * Returns the time that it must have been off the processor between looks, and that was not
   * returned before.
   */
  double unseen() {
    if (looks < LOOKS_TO_SETTLE) {
      return 0;
    }
    double nanos = Math.max(0, lowest);
    carry -= nanos;
    settle();
    return nanos;
  }

  void forget() {
    if (inKernel != null) {
      inKernel.close();
      inKernel = null;
    }
  }
}
