package io.github.fornada.async;

import io.github.fornada.Outcome;
import io.github.fornada.TaskTimeoutException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Determines from a task's exception how the task ended. Calls no user code: a class may override
 * {@code getCause}, and what it does there may throw or never return.
 */
final class Causes {
  private static final int DEPTH = 10;

  /** Whether the {@code getCause} of an exception class is the JDK's code. */
  private static final ClassValue<Boolean> HAS_PLAIN_CAUSE =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          try {
            return isOfJdk(type.getMethod("getCause").getDeclaringClass());
          } catch (NoSuchMethodException | LinkageError e) {
            return false;
          }
        }
      };

  private Causes() {}

  @SuppressWarnings("ReferenceEquality") // a loader is an identity
  private static boolean isOfJdk(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    return loader == null || loader == ClassLoader.getPlatformClassLoader();
  }

  private static @Nullable Throwable causeOf(Throwable thrown) {
    return HAS_PLAIN_CAUSE.get(thrown.getClass()) ? thrown.getCause() : null;
  }

  /** Returns whether a task threw {@code thrown} because it was interrupted. */
  static boolean isInterrupt(Throwable thrown) {
    int depth = 0;
    for (Throwable e = thrown; e != null && depth < DEPTH; e = causeOf(e), depth++) {
      if (e instanceof InterruptedException
          || e instanceof ClosedByInterruptException
          || e instanceof InterruptedIOException
          || e instanceof CancellationException
          || (e.getClass() == SocketException.class
              && "Closed by interrupt".equals(e.getMessage()))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns the outcome of a task that ended with {@code thrown}: timed out if a timeout ended it,
   * else failed.
   */
  static <R extends @Nullable Object> Outcome<R> outcome(Throwable thrown) {
    if (thrown instanceof TaskTimeoutException late) {
      Throwable stuck = late.getCause();
      return new Outcome.TimedOut<>(
          late.timeout(), stuck == null ? List.of() : List.of(stuck.getStackTrace()));
    }
    return new Outcome.Failed<>(thrown);
  }
}
