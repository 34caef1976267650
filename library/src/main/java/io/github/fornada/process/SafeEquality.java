package io.github.fornada.process;

import io.github.fornada.jvm.OwnGroup;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The {@code equals} and {@code hashCode} of users' objects, asked by a thread that may be lost.
 * Where they fail, or take longer than {@link #LIMIT}, an object is equal to itself only; those of
 * a class that once took longer are not asked again.
 */
final class SafeEquality {
  static final Duration LIMIT = Duration.ofSeconds(1);

  /** When this many threads hang in user code, no more is asked for. */
  private static final int MOST_THREADS = 8; // Guess

  private static final ThreadPoolExecutor ASKERS =
      new ThreadPoolExecutor(
          0,
          MOST_THREADS,
          1,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          body -> {
            Thread thread = new Thread(OwnGroup.get(), body, "fornada-equals", 0, false);
            thread.setContextClassLoader(null);
            thread.setDaemon(true);
            return thread;
          });

  /** Marks classes whose methods once took too long. */
  private static final ClassValue<boolean[]> SLOW =
      new ClassValue<>() {
        @Override
        protected boolean[] computeValue(Class<?> type) {
          return new boolean[1];
        }
      };

  private SafeEquality() {}

  static int hash(@Nullable Object object) {
    if (object == null) {
      return 0;
    }
    int own = System.identityHashCode(object);
    if (isLambda(object)) {
      return own;
    }
    return isOfTheJdk(object) ? object.hashCode() : ask(object, object::hashCode, own);
  }

  @SuppressWarnings("ReferenceEquality") // the same is equal, whatever equals says
  static boolean isSame(@Nullable Object a, @Nullable Object b) {
    if (a == b) {
      return true;
    }
    if (a == null || b == null || isLambda(a)) {
      return false;
    }
    return isOfTheJdk(a) ? a.equals(b) : ask(a, () -> a.equals(b), false);
  }

  /** Those have no methods of their own. */
  private static boolean isLambda(Object object) {
    return object.getClass().isHidden();
  }

  /** Of classes that are final and hold nothing of the user's. */
  private static boolean isOfTheJdk(Object object) {
    return object instanceof String
        || object instanceof Integer
        || object instanceof Long
        || object instanceof Double
        || object instanceof Boolean
        || object instanceof Character;
  }

  private static <V> V ask(Object whom, Callable<V> question, V otherwise) {
    boolean[] slow = SLOW.get(whom.getClass());
    if (slow[0]) {
      return otherwise;
    }
    Future<V> answer;
    try {
      answer = ASKERS.submit(question);
    } catch (RejectedExecutionException | OutOfMemoryError e) { // no thread is to be had
      return otherwise;
    }
    long end = System.nanoTime() + LIMIT.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return answer.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true; // not about this: the wait goes on, and is short
        }
      }
    } catch (ExecutionException e) { // whatever it throws
      return otherwise;
    } catch (TimeoutException e) {
      answer.cancel(true);
      // A class of the JDK, a list say, hangs for what it holds: that is no reason to ask no more.
      slow[0] = whom.getClass().getClassLoader() != null;
      return otherwise;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
