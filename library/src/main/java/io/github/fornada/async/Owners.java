package io.github.fornada.async;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OpenScopes;
import java.util.Collection;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Knows which thread has which scopes open. For a thread that runs a task that is in its {@link
 * Child}, for all others in a map. There are no thread-locals, so nothing stays in a thread when
 * its scopes close.
 */
final class Owners {
  /** The innermost open scope of each thread that runs no task. Written by that thread. */
  private static final ConcurrentHashMap<Thread, TaskScope<?, ?>> ROOTS = new ConcurrentHashMap<>();

  /** Whether a timed check for threads that ended with scopes open is scheduled. */
  private static final AtomicBoolean CHECK_SCHEDULED = new AtomicBoolean();

  static {
    OpenScopes.knownTo(
        new OpenScopes.Registry() {
          @Override
          public @Nullable Object innermost(Thread thread) {
            return ROOTS.isEmpty() ? null : ROOTS.get(thread);
          }

          @Override
          public String closeOpenedAfter(@Nullable Object mark) {
            return TaskScope.closeUpTo((TaskScope<?, ?>) mark, ROOTS.get(Thread.currentThread()));
          }
        });
  }

  private Owners() {}

  /** Returns the task that the calling thread runs; null if none. */
  static @Nullable Child<?> homeOf(Thread self) {
    return self.getUncaughtExceptionHandler() instanceof Child<?> child && child.thread == self
        ? child
        : null;
  }

  static @Nullable TaskScope<?, ?> innermost(@Nullable Child<?> home, Thread self) {
    return home != null ? home.innermost : ROOTS.get(self);
  }

  static void push(TaskScope<?, ?> scope) {
    if (scope.home != null) {
      scope.home.innermost = scope;
    } else {
      ROOTS.put(scope.owner, scope);
      scheduleCheck();
    }
  }

  /** Schedules the check, as long as there are such scopes. */
  private static void scheduleCheck() {
    if (!CHECK_SCHEDULED.get() && CHECK_SCHEDULED.compareAndSet(false, true)) {
      boolean scheduled = false;
      try {
        ScopeTimer.inASecond(Owners::closeLeaked);
        scheduled = true;
      } finally {
        if (!scheduled) { // out of memory: who opens the next scope sees to it
          CHECK_SCHEDULED.set(false);
        }
      }
    }
  }

  private static void closeLeaked() {
    ROOTS.forEach((owner, innermost) -> {
      if (!owner.isAlive() && ROOTS.remove(owner, innermost)) {
        for (TaskScope<?, ?> s = innermost; s != null; s = s.outer) {
          s.cancel(TaskScope.BY_LOSS);
          Log.get()
              .log(
                  System.Logger.Level.WARNING,
                  describe(owner)
                      + " has ended without closing scope \""
                      + s.name()
                      + "\"; its tasks were cancelled. Open scopes in try-with-resources.");
        }
      }
    });
    // Cleared first, then ROOTS is read; a thread that opens a scope adds it first, then reads the
    // flag.
    CHECK_SCHEDULED.set(false);
    if (!ROOTS.isEmpty()) {
      scheduleCheck();
    }
  }

  /** Removes a scope that has closed, or was never open, the innermost of its owner. */
  static void pop(TaskScope<?, ?> scope) {
    TaskScope<?, ?> outer = scope.outer;
    if (scope.home != null) {
      scope.home.innermost = outer;
    } else if (outer == null) {
      ROOTS.remove(scope.owner);
    } else {
      ROOTS.put(scope.owner, outer);
    }
  }

  /** Returns the innermost open scopes of the threads that run no task. */
  static Collection<TaskScope<?, ?>> roots() {
    return ROOTS.values();
  }

  static String describe(Thread thread) {
    String name = thread.getName();
    return name.isEmpty() ? "thread " + thread.threadId() : "thread \"" + name + "\"";
  }

  static String name(Thread thread) {
    String name = thread.getName();
    return name.isEmpty() ? "#" + thread.threadId() : name;
  }
}
