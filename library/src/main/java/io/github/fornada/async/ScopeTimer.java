package io.github.fornada.async;

import io.github.fornada.Outcome;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.jvm.Log;
import io.github.fornada.spi.AbstractPool;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The time limits of scopes and tasks. A platform thread for all, so that they hold also when tasks
 * keep every processor that virtual threads have; it runs nothing of the user's. There is another
 * one whenever it is busy, for an interrupt may keep it waiting ({@link AbstractPool#interrupt}
 * cannot be quite sure), and the limits of all others are not to wait with it.
 */
final class ScopeTimer {
  private static final ScheduledThreadPoolExecutor TIMER =
      new ScheduledThreadPoolExecutor(1, thread("fornada-scope-timer").factory());

  static {
    TIMER.setRemoveOnCancelPolicy(true);
    TIMER.setKeepAliveTime(10, TimeUnit.SECONDS);
    TIMER.allowCoreThreadTimeOut(true);
  }

  /** Threads of the timer that are at an action. */
  private static final AtomicInteger BUSY = new AtomicInteger();

  /** A century, so that it fits in a long of nanoseconds. */
  static final Duration FOREVER = Duration.ofDays(36_500);

  /** Tasks that would take the timer's thread too long to interrupt. */
  private static final int MANY = 1000; // Guess

  private ScopeTimer() {}

  /**
   * A thread of the library's. It keeps nothing of the one that happens to start it: no thread
   * locals that are inherited, no class loader.
   */
  static Thread.Builder.OfPlatform thread(String name) {
    return Thread.ofPlatform().daemon().name(name).inheritInheritableThreadLocals(false);
  }

  static Future<?> ofScope(TaskScope<?, ?> scope, ScopeOptions options) {
    Duration left = FOREVER;
    if (options.timeout() != null) {
      left = options.timeout();
    }
    if (options.deadline() != null) {
      Duration until = Duration.between(Instant.now(), options.deadline());
      left = until.compareTo(left) < 0 ? until : left;
    }
    return after(
        left,
        () -> {
          if (scope.started() < MANY) {
            scope.expire();
          } else {
            thread("fornada-cancel").start(scope::expire);
          }
        });
  }

  static Future<?> ofTask(Child<?> child, Duration limit) {
    return after(limit, () -> expire(child, limit));
  }

  private static void expire(Child<?> child, Duration limit) {
    Thread runner = child.thread;
    if (runner == null) {
      return;
    }
    var late = new Outcome.TimedOut<>(limit, List.of(runner.getStackTrace()));
    String subject = Child.subject(child.purpose()) + " of scope \"" + child.scope.name() + "\"";
    child.expire(new TaskTimeoutException(subject, limit, late.stack()), late);
  }

  static Future<?> after(Duration pause, Runnable action) {
    return TIMER.schedule(
        Executors.callable(() -> {
          keepOneFree(BUSY.incrementAndGet());
          try {
            action.run();
          } catch (RuntimeException | Error e) {
            Log.get().log(System.Logger.Level.ERROR, "a timed action of a scope failed", e);
          } finally {
            BUSY.decrementAndGet();
          }
        }),
        Ticker.nanosOf(pause),
        TimeUnit.NANOSECONDS);
  }

  private static void keepOneFree(int busy) {
    if (busy >= TIMER.getCorePoolSize()) {
      synchronized (TIMER) {
        TIMER.setCorePoolSize(Math.max(busy + 1, TIMER.getCorePoolSize()));
      }
    }
  }

  static void inASecond(Runnable action) {
    var _ = after(Duration.ofSeconds(1), action);
  }

  /** A limit as people say it. */
  static String inWords(ScopeOptions options) {
    return options.timeout() == null
        ? "its deadline, " + options.deadline()
        : "its timeout of " + Tree.age(options.timeout().toNanos());
  }
}
