package io.github.fornada.jvm;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Texts for messages that user code makes, such as an item's {@code toString}. A message is
 * completed whatever that code does: a pool's own thread waits for it for {@link #LIMIT} at most.
 */
public final class BoundedText {
  static final Duration LIMIT = Duration.ofSeconds(1);

  private static final int ITEM_LENGTH = 80;

  /** When this many threads hang in user code, no more texts are asked for. */
  private static final int MOST_THREADS = 8;

  /** Marks classes whose texts once took too long; they are not asked again. */
  private static final ClassValue<boolean[]> SLOW =
      new ClassValue<>() {
        @Override
        protected boolean[] computeValue(Class<?> type) {
          return new boolean[1];
        }
      };

  private static final ThreadPoolExecutor SPEAKERS =
      new ThreadPoolExecutor(
          0, MOST_THREADS, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), new Speaker());

  /** Not a lambda: the first lambda of a program is slow, and the report of a loss waits for it. */
  private static final class Speaker implements ThreadFactory {
    @Override
    public Thread newThread(Runnable body) {
      Thread thread = new Thread(null, body, "fornada-words", 0, false);
      thread.setContextClassLoader(null); // what it has of its creator's would be kept
      thread.setDaemon(true);
      return thread;
    }
  }

  private BoundedText() {}

  /**
   * Returns the text of {@code object}; if its toString fails or hangs, its class and that fact.
   */
  public static String of(@Nullable Object object) {
    if (object == null || object instanceof String || isNumberLike(object)) {
      return String.valueOf(object);
    }
    Class<?> type = object.getClass();
    String name = "a " + type.getName() + " whose toString ";
    boolean[] slow = SLOW.get(type);
    if (slow[0]) {
      return name + "hangs";
    }
    return said(
        () -> String.valueOf(object),
        name + "fails",
        name + "hangs",
        () -> slow[0] = type.getClassLoader() != null); // a race loses nothing but another try
  }

  /** Returns the text of {@code item} as by {@link #of}, in one line of at most 83 characters. */
  public static String ofItem(@Nullable Object item) {
    String text = of(item).replace('\n', ' ').replace('\r', ' ');
    return text.length() <= ITEM_LENGTH ? text : text.substring(0, ITEM_LENGTH) + "...";
  }

  private static boolean isNumberLike(Object object) {
    return object instanceof Integer
        || object instanceof Long
        || object instanceof Double
        || object instanceof Boolean
        || object instanceof Character;
  }

  /**
   * Returns the text that {@code words} makes, or a substitute after {@link #LIMIT}.
   *
   * @param ifFails the text if it throws
   * @param ifSlow the text if it takes longer
   * @param whenSlow run if it takes longer
   */
  public static String said(
      Supplier<String> words, String ifFails, String ifSlow, Runnable whenSlow) {
    Future<String> speaking;
    try {
      speaking =
          SPEAKERS.submit(() -> {
            try {
              return words.get();
            } catch (Throwable e) { // making a message must not be a second failure
              return ifFails;
            }
          });
    } catch (RejectedExecutionException e) {
      return ifSlow; // all threads hang in such code
    }
    long end = System.nanoTime() + LIMIT.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return speaking.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true; // not about the text: the wait goes on, and is short
        }
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e); // it catches all
    } catch (TimeoutException e) {
      speaking.cancel(true);
      whenSlow.run();
      return ifSlow;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
