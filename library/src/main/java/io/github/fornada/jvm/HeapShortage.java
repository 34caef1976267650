package io.github.fornada.jvm;

import java.util.concurrent.locks.LockSupport;

/**
 * What the library's own bookkeeping does where the heap has no room for it: it waits until there
 * is some, and tries again. An outcome, a place in a queue or a retry that was dropped instead
 * would be waited for without end, although the heap is often full for a moment only, such as by
 * results that their consumer has not fetched yet.
 *
 * <p>What is tried again must have changed nothing where it failed.
 */
public final class HeapShortage {
  private static final long PAUSE_NANOS = 2_000_000; // Guess

  /** After this time without room, those are told whose results may be what fills the heap. */
  private static final long LONG_NANOS = 3_000_000_000L; // Guess

  /** Who is told that there is no room for long. */
  public interface Sufferer {
    /**
     * There is no room for an outcome. Needs no memory itself; may be called often, and without a
     * lock.
     */
    void outOfMemory(OutOfMemoryError e);
  }

  private static volatile boolean isPrepared;

  private HeapShortage() {}

  /**
   * Loads and links what is needed where there is no memory for that any more. Pools do so before
   * they take work.
   */
  public static void prepare() {
    if (!isPrepared) {
      var _ = isOfHeap(new OutOfMemoryError("none"));
      spin(0);
      LockSupport.parkNanos(1);
      isPrepared = true;
    }
  }

  /**
   * Waits for a moment; an interrupt stays set. Must not be called under a lock that those need who
   * make room.
   *
   * @throws OutOfMemoryError {@code e}, if it is not of the heap: waiting would not help
   */
  public static void await(OutOfMemoryError e) {
    if (!isOfHeap(e)) {
      throw e;
    }
    await();
  }

  /**
   * As {@link #await(OutOfMemoryError)}. Where that goes on for long, tells who suffers.
   *
   * @param since what the last call of the same loop has returned; 0 before the first
   */
  public static long await(OutOfMemoryError e, long since, Sufferer sufferer) {
    long now = System.nanoTime();
    long first = since == 0 ? now | 1 : since; // never 0
    if (now - first > LONG_NANOS && isOfHeap(e)) {
      sufferer.outOfMemory(e);
    }
    await(e);
    return first;
  }

  /** As {@link #await(OutOfMemoryError)}, where the heap is known to be what had no room. */
  public static void await() {
    if (Thread.currentThread().isVirtual()) {
      spin(PAUSE_NANOS);
      return;
    }
    boolean interrupted = Thread.interrupted(); // the pause would be none
    LockSupport.parkNanos(PAUSE_NANOS);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Passes the time of a pause without parking: for the end of a timed park the JDK (25) needs
   * memory in the carrier's thread, and where there is none the virtual thread never runs again.
   */
  @SuppressWarnings("ThreadPriorityCheck") // so that others run meanwhile, which may make room
  private static void spin(long nanos) {
    long began = System.nanoTime();
    while (System.nanoTime() - began < nanos) {
      Thread.onSpinWait();
    }
    try {
      Thread.yield();
    } catch (OutOfMemoryError e) {
      // A virtual thread that yields needs memory for its stack. It goes on then.
    }
  }

  /** Returns whether the heap was full, rather than threads, classes or the length of an array. */
  public static boolean isOfHeap(OutOfMemoryError e) {
    String message = e.getMessage(); // nothing may be allocated here
    return message != null && (message.contains("heap space") || message.contains("GC overhead"));
  }
}
