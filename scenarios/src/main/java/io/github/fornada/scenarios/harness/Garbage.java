package io.github.fornada.scenarios.harness;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;

/** The garbage of this JVM, which is collected between two runs if there is much of it. */
final class Garbage {
  private static final MemoryMXBean MEMORY = ManagementFactory.getMemoryMXBean();

  /** What was in use after the last collection; by the thread that measures. */
  private static long live;

  private Garbage() {}

  /**
   * Collects all garbage, unless there is little.
   *
   * @param little how many bytes are not worth a collection of everything, which takes some 30 ms
   */
  static void collect(long little) {
    if (used() - live < little) {
      return;
    }
    System.gc();
    live = used();
  }

  private static long used() {
    return MEMORY.getHeapMemoryUsage().getUsed();
  }
}
