package io.github.fornada.async;

import io.github.fornada.jvm.Log;
import java.util.Collection;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Which thread has which scopes open: for a thread that runs a task, in its {@link Child}; for all
 * others in a map. There are no thread-locals, so nothing stays in a thread when its scopes close.
 */
final class Owners {
  /** The innermost open scope of each thread that runs no task. Written by that thread. */
  private static final ConcurrentHashMap<Thread, TaskScope<?, ?>> ROOTS = new ConcurrentHashMap<>();

  /** Whether a timed check for threads that ended with scopes open is scheduled. */
  private static final AtomicBoolean WATCHED = new AtomicBoolean();

  private Owners() {}

  /** The task that the calling thread runs; null if none. */
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
      watch();
    }
  }

  /** Schedules the check, as long as there are such scopes. */
  private static void watch() {
    if (!WATCHED.get() && WATCHED.compareAndSet(false, true)) {
      ScopeTimer.inASecond(Owners::look);
    }
  }

  private static void look() {
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
    // Lowered first, then ROOTS is read; a thread that opens a scope adds it first, then reads the
    // flag.
    WATCHED.set(false);
    if (!ROOTS.isEmpty()) {
      watch();
    }
  }

  /** Removes a scope that has closed, the innermost of its owner. */
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

  /** The innermost scopes of the threads that run no task. */
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
