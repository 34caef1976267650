package io.github.fornada.benchmarks.async;

import io.github.fornada.benchmarks.peers.Measure;

/** Many tasks that sleep for a second at the same time: the time beyond one second. */
final class Sleeps {
  private static final long SLEEP_MILLIS = 1_000;
  private static final int WARM_UP_TASKS = 10_000;
  private static final long WARM_UP_SLEEP_MILLIS = 20;
  private static final double WARM_UP_SECONDS = 2;

  private Sleeps() {}

  /** Starts the given number of tasks that sleep, and waits for all. */
  @FunctionalInterface
  interface Gather {
    void run(int n, long sleepMillis) throws Exception;
  }

  /** The first gather of the program, and a later one. */
  static void tenThousand(Gather gather) throws Exception {
    Measure.emit("sleep-10k-first", overIdeal(10_000, gather), "ms", "");
    measure("sleep-10k", 10_000, gather);
  }

  static void measure(String row, int n, Gather gather) throws Exception {
    long end = System.nanoTime() + Measure.nanos(WARM_UP_SECONDS);
    do {
      gather.run(WARM_UP_TASKS, WARM_UP_SLEEP_MILLIS);
    } while (System.nanoTime() < end);
    Measure.emit(row, overIdeal(n, gather), "ms", "");
    Measure.emit(row + "-memory", Programs.peakMemory(), "MB", "the program's peak");
  }

  private static double overIdeal(int n, Gather gather) throws Exception {
    long begin = System.nanoTime();
    gather.run(n, SLEEP_MILLIS);
    return (System.nanoTime() - begin) / 1e6 - SLEEP_MILLIS;
  }
}
