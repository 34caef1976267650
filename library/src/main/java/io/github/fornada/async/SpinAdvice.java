package io.github.fornada.async;

/**
 * Whether it pays for the threads that wait in a channel to look for a moment before they park.
 *
 * <p>If the other side runs on another processor, it comes within less time than it takes to park
 * and to be woken. If it has none, because the machine is busy or because it is a virtual thread
 * that waits for this very carrier, looking only keeps it from coming; and a thread that parks
 * gives its carrier straight to the one that it has woken. Which of the two it is changes, so it is
 * tried: looks are made while three in four have paid, and then now and then one to see.
 *
 * <p>Its fields are hints, read and written by any thread without care. A lost count is one look
 * more or less.
 */
final class SpinAdvice {
  private static final int MOST_CREDIT = 16; // Guess

  /** A look that paid adds one. */
  private static final int LOSS = 3;

  /** Waits from one look to the next when there is no credit: a power of two. */
  static final int REST = 64; // Guess

  private int credit = MOST_CREDIT;
  private int waits;

  boolean isWorthALook() {
    return credit > 0 || (++waits & (REST - 1)) == 0;
  }

  void tell(boolean paid) {
    int known = credit;
    int now = paid ? Math.min(MOST_CREDIT, known + 1) : Math.max(0, known - LOSS);
    if (now != known) { // in a lively channel it stays as it is, in the caches of both processors
      credit = now;
    }
  }
}
