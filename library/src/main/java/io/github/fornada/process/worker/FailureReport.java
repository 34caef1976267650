package io.github.fornada.process.worker;

import io.github.fornada.RemoteTaskException;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.wire.MessageOutput;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Writes what a task threw where no timeout applies. That calls the exception's own methods, which
 * may never return, so a thread that they may block calls them.
 */
final class FailureReport {
  static final Duration LIMIT = Duration.ofSeconds(5);

  /** When this many threads hang in exceptions, no further exception's methods are called. */
  private static final int MAX_THREADS = 8; // Guess

  private static final int MAX_CAUSES = 20;

  private static final ThreadPoolExecutor REPORTERS =
      OwnThreads.expendable("fornada-report", MAX_THREADS);

  private FailureReport() {}

  /** Appends an exception as {@link Throwables#encode} does, within {@link #LIMIT}. */
  static void encode(Throwable thrown, MessageOutput out, ClassLoader home, ClassLoader loader) {
    if (isOfTheJdk(thrown)) {
      Throwables.encode(thrown, out, home);
      return;
    }
    var own = new MessageOutput();
    Future<?> reporting;
    try {
      reporting =
          REPORTERS.submit(() -> {
            Thread.currentThread().setContextClassLoader(loader);
            Throwables.encode(thrown, own, home);
          });
    } catch (RejectedExecutionException e) {
      Throwables.encode(standIn(thrown), out, home); // all threads hang in such code
      return;
    }
    try {
      var _ = reporting.get(LIMIT.toNanos(), TimeUnit.NANOSECONDS);
      out.write(own.array(), 0, own.size());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof OutOfMemoryError shortage) {
        throw shortage;
      }
      throw new AssertionError(e); // the task catches everything else
    } catch (TimeoutException | InterruptedException e) { // interrupted: the item was cancelled
      reporting.cancel(true);
      Throwables.encode(standIn(thrown), out, home);
    }
  }

  /** Returns whether none of the methods that are called is the user's. */
  private static boolean isOfTheJdk(Throwable thrown) {
    int depth = 0;
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      if (each.getClass().getClassLoader() != null
          || each.getSuppressed().length > 0
          || ++depth > MAX_CAUSES) {
        return false;
      }
    }
    return true;
  }

  private static RemoteTaskException standIn(Throwable thrown) {
    @Nullable Throwable none = null;
    return new RemoteTaskException(
        thrown.getClass().getName(),
        "(its report failed: its getMessage, or another method of its own, did not return within "
            + LIMIT.toSeconds()
            + " s)",
        new StackTraceElement[0],
        none);
  }
}
