package io.github.fornada.scenarios.harness;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;

/** The garbage of this JVM, which is collected between two runs if there is much of it. */
final class Garbage {
  /** Guess: less than this brings no collection about in a run that is timed, and is not seen. */
  private static final long LITTLE = 16L << 20;

  private static final MemoryMXBean MEMORY = ManagementFactory.getMemoryMXBean();

  /** What was in use after the last collection; by the thread that measures. */
  private static long live;

  private Garbage() {}

  /**
   * Collects all garbage, unless there is so little that this would only take time: a collection of
   * everything takes some 30 ms, longer than many a run at small size.
   */
  static void collect() {
    if (used() - live < LITTLE) {
      return;
    }
    System.gc();
    live = used();
  }

  private static long used() {
    return MEMORY.getHeapMemoryUsage().getUsed();
  }
}
