package io.github.fornada.jvm;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** One thread for all pauses and timeouts of this JVM. It must never run user code. */
public final class Timer {
  /** A century: longer than any program runs, and a number of nanoseconds that fits in a long. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private static final ScheduledThreadPoolExecutor EXECUTOR =
      new ScheduledThreadPoolExecutor(1, OwnThreads.daemon("fornada-timer").factory());

  static {
    EXECUTOR.setRemoveOnCancelPolicy(true);
  }

  private Timer() {}

  /** Returns {@code pause}, but at most a century and at least zero. */
  public static Duration bounded(Duration pause) {
    if (pause.isNegative()) {
      return Duration.ZERO;
    }
    return pause.compareTo(LONGEST) < 0 ? pause : LONGEST;
  }

  /** Runs {@code action} once on the timer's thread after {@code pause}, at most a century. */
  public static Future<?> after(Duration pause, Runnable action) {
    return EXECUTOR.schedule(
        Executors.callable(() -> {
          try {
            action.run();
          } catch (RuntimeException | Error e) {
            Log.get().log(System.Logger.Level.ERROR, "a timed action of a pool failed", e);
          }
        }),
        bounded(pause).toNanos(),
        TimeUnit.NANOSECONDS);
  }
}
