package io.github.fornada.async;

/**
 * Whether it pays for the threads that wait in a channel to spin for a moment before they park.
 *
 * <p>If the other side runs on another processor, it comes within less time than parking and waking
 * take. If it has none, because the machine is busy or because it is a virtual thread that needs
 * this very carrier, spinning only delays it; and a thread that parks gives its carrier straight to
 * the one that it has woken. Which of the two holds changes, so it is tried: threads spin while
 * three in four spins have paid, and after that now and then once, to find out.
 *
 * <p>The fields are hints, read and written by any thread with races. A lost count is one spin more
 * or less.
 */
final class SpinAdvice {
  private static final int MAX_CREDIT = 16; // Guess

  /** A spin that did not pay subtracts this; one that paid adds 1. */
  private static final int LOSS = 3;

  /** Without credit, one in this many waits spins: a power of two. */
  static final int REST = 64; // Guess

  private int credit = MAX_CREDIT;
  private int waits;

  boolean shouldSpin() {
    return credit > 0 || (++waits & (REST - 1)) == 0;
  }

  void record(boolean paid) {
    int known = credit;
    int now = paid ? Math.min(MAX_CREDIT, known + 1) : Math.max(0, known - LOSS);
    if (now != known) { // in a lively channel it stays as it is, in the caches of both processors
      credit = now;
    }
  }
}
