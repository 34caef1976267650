package io.github.fornada.benchmarks.pipelines;

import static io.github.fornada.benchmarks.peers.Measure.check;
import static io.github.fornada.benchmarks.peers.Measure.emit;

import io.github.fornada.benchmarks.peers.Measure;
import java.lang.management.ManagementFactory;

/** What the rows have in common for all peers in Java. */
public final class Rows {
  public static final int MIB_64 = 64 << 20;

  /** Items of one run of tiny ones. */
  public static final int ITEMS = 200_000;

  private Rows() {}

  public static int increment(int n) {
    return n + 1;
  }

  /**
   * Runs all items from 0 through three stages that add one each; returns the sum of the results.
   */
  @FunctionalInterface
  public interface Tiny {
    long run(int items) throws Exception;
  }

  /** Emits items a second, and the processor time that each took. */
  public static void tiny(String row, double seconds, String note, int stages, Tiny tiny)
      throws Exception {
    Measure.Operations once =
        n -> check(tiny.run(n) == n * (n - 1L) / 2 + (long) stages * n, "the sum");
    double warm = Measure.rate(seconds / 4, ITEMS, once);
    check(warm > 0, "warm-up");
    long cpu = cpuNanos();
    var items = new long[1];
    double rate =
        Measure.warmRate(
            seconds,
            ITEMS,
            n -> {
              once.run(n);
              items[0] += n;
            });
    emit(row, rate, "items/s", note);
    emit(row + "-cpu", (cpuNanos() - cpu) / (double) items[0], "ns", "of this JVM");
  }

  private static long cpuNanos() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean os
        ? os.getProcessCpuTime()
        : 0;
  }
}
