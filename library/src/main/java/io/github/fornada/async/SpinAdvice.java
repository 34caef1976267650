package io.github.fornada.async;

/**
 * Whether it pays for the threads that wait in a channel to spin for a moment before they park.
 *
 * <p>If the other side runs on another processor, it acts in less time than parking and waking
 * take. If it has no processor, because the machine is busy or because it is a virtual thread that
 * needs this thread's carrier, spinning only delays it; a thread that parks gives its carrier
 * directly to the thread that it has woken. Which of the two is the case changes, so it is
 * measured: threads spin while three in four spins have paid; after that only one wait in {@link
 * #REST} spins, to find out whether it pays again.
 *
 * <p>The fields are hints, read and written by any thread with races. A lost update means one spin
 * more or less.
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
    // in a busy channel the value does not change, and is not written, so it stays in the caches of
    // both processors
    if (now != known) {
      credit = now;
    }
  }
}
