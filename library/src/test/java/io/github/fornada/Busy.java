package io.github.fornada;

import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * Measures how much slower than a quiet machine this one is: for timeouts that must elapse in a
 * test, and that nothing else in it may reach. Measured once for each JVM, so that a limit is the
 * same wherever a test names it.
 */
public final class Busy {
  /**
   * Runnable threads for each processor; 1 on a quiet machine, and at most {@value #MAX_FACTOR}.
   */
  private static final double FACTOR = measured();

  private static final double MAX_FACTOR = 16;

  private Busy() {}

  /** Returns {@code onAQuietMachine}, or longer if this machine has more to do than processors. */
  public static Duration scaled(Duration onAQuietMachine) {
    return Duration.ofMillis(Math.round(onAQuietMachine.toMillis() * FACTOR));
  }

  private static double measured() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    double load = system.getSystemLoadAverage() / system.getAvailableProcessors();
    return Math.clamp(load, 1, MAX_FACTOR); // negative where the system does not know
  }
}
