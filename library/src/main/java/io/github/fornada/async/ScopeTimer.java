package io.github.fornada.async;

import io.github.fornada.Outcome;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Interrupts;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.StackSample;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;

/**
 * The timeouts of scopes and tasks. One platform thread serves all, so that timeouts hold also when
 * tasks occupy every carrier of virtual threads; it runs no user code. While it is busy, a second
 * thread is ready to take over, because an interrupt may block it ({@link Interrupts#send(Thread)}
 * cannot rule that out), and other timeouts must not wait.
 */
final class ScopeTimer {
  private static final TimedActions TIMER =
      new TimedActions(OwnThreads.daemon("fornada-scope-timer").factory());

  /** A century, so that it fits in a long of nanoseconds. */
  static final Duration FOREVER = Duration.ofDays(36_500);

  /** More tasks than this would take the timer's thread too long to interrupt. */
  private static final int MANY = 1000; // Guess

  private ScopeTimer() {}

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
            OwnThreads.start("fornada-cancel", scope::expire);
          }
        });
  }

  static Future<?> ofTask(Child<?> child, Duration timeout) {
    return after(timeout, () -> expire(child, timeout));
  }

  private static void expire(Child<?> child, Duration timeout) {
    Thread runner = child.thread;
    if (runner == null) {
      return;
    }
    StackSample.then(runner, stack -> expire(child, timeout, stack));
  }

  private static void expire(Child<?> child, Duration timeout, StackSample stack) {
    while (true) {
      try {
        expireOnce(child, timeout, stack);
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  private static void expireOnce(Child<?> child, Duration timeout, StackSample stack) {
    var late = new Outcome.TimedOut<>(timeout, stack.frames());
    String subject = Child.subject(child.purpose()) + " of scope \"" + child.scope.name() + "\"";
    child.expire(new TaskTimeoutException(subject, timeout, late.stack()), late);
  }

  static Future<?> after(Duration pause, Runnable action) {
    return TIMER.after(pause, action);
  }

  static void inASecond(Runnable action) {
    var _ = after(Duration.ofSeconds(1), action);
  }

  /** Returns the limit that applies, in words, for messages. */
  static String inWords(ScopeOptions options) {
    return options.timeout() == null
        ? "its deadline, " + options.deadline()
        : "its timeout of " + Tree.age(options.timeout().toNanos());
  }
}
