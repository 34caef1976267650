package io.github.fornada.jvm;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One thread for all pauses and timeouts of this JVM. It must never run user code. */
public final class Timer {
  /** A century: longer than any program runs, and a number of nanoseconds that fits in a long. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  /** Nothing is left of a program's pools after that time: it may be one that is loaded again. */
  private static final Duration IDLE = Duration.ofSeconds(30);

  private static final ScheduledThreadPoolExecutor EXECUTOR = executor(IDLE);

  private Timer() {}

  /** Returns a timer whose thread ends when nothing was left to wait for during a time. */
  static ScheduledThreadPoolExecutor executor(Duration idle) {
    var executor = new ScheduledThreadPoolExecutor(1, OwnThreads.daemon("fornada-timer").factory());
    executor.setRemoveOnCancelPolicy(true);
    executor.setKeepAliveTime(idle.toNanos(), TimeUnit.NANOSECONDS);
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  /** Returns {@code pause}, but at most a century and at least zero. */
  public static Duration bounded(Duration pause) {
    if (pause.isNegative()) {
      return Duration.ZERO;
    }
    return pause.compareTo(LONGEST) < 0 ? pause : LONGEST;
  }

  /**
   * Starts the timer's thread if it does not run yet, and keeps it until what is returned is
   * cancelled: a pool does so before it takes work, because what it does where no thread can be
   * started needs this one.
   *
   * @throws OutOfMemoryError if the thread cannot be started, or the heap has no room
   */
  public static Future<?> hold() {
    var _ = EXECUTOR.prestartCoreThread();
    return hold(EXECUTOR);
  }

  /** The thread stays for what is in the queue. */
  static Future<?> hold(ScheduledThreadPoolExecutor executor) {
    return executor.schedule(Timer::nothing, LONGEST.toNanos(), TimeUnit.NANOSECONDS);
  }

  private static void nothing() {}

  /**
   * Runs {@code action} once on the timer's thread after {@code pause}, at most a century. Never
   * throws because that thread cannot be started: then the action waits until a later call can. A
   * heap without room for it is waited for.
   */
  public static Future<?> after(Duration pause, Runnable action) {
    while (true) {
      try {
        return tryAfter(pause, action);
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  /**
   * As {@link #after}, but does not wait for a heap without room: under locks nobody may.
   *
   * @throws OutOfMemoryError if the heap has no room; nothing was scheduled then
   */
  public static Future<?> tryAfter(Duration pause, Runnable action) {
    Timed timed = new Timed(action);
    try {
      return EXECUTOR.schedule(timed, bounded(pause).toNanos(), TimeUnit.NANOSECONDS);
    } catch (OutOfMemoryError e) {
      if (EXECUTOR.getPoolSize() == 0) {
        return timed; // the executor has queued it before it asked for a thread
      }
      throw e;
    }
  }

  /** An action, which is also its own handle where the executor could give none. */
  private static final class Timed extends CompletableFuture<Void> implements Callable<Void> {
    private final Runnable action;

    Timed(Runnable action) {
      this.action = action;
    }

    @Override
    public @Nullable Void call() {
      if (!isDone()) {
        try {
          action.run();
        } catch (RuntimeException | Error e) {
          Log.get().log(System.Logger.Level.ERROR, "a timed action of a pool failed", e);
        }
      }
      return null;
    }
  }
}
