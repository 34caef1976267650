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
 * Texts that the user's code makes for messages, such as an item's {@code toString}. Whatever that
 * code does, the message is made: a pool's own thread does not wait for it for long.
 */
public final class BoundedText {
  static final Duration LIMIT = Duration.ofSeconds(1);

  private static final int ITEM_LENGTH = 80;

  /** More that do not come back, and no text is asked for any more. */
  private static final int MOST_THREADS = 8;

  /** Classes whose texts once took too long, and are not asked for again. */
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

  /** No lambda: the first of a program takes a while, and somebody waits for a loss to be told. */
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

  /** What an object says of itself; if it does not, or not soon, what it is. */
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

  /** What an object says of itself, as {@link #of}, in one line of at most some 80 characters. */
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
   * What the user's code says, in at most {@link #LIMIT}.
   *
   * @param ifFails what to say if it throws
   * @param ifSlow what to say if it takes longer
   * @param whenSlow what to do if it takes longer
   */
  public static String said(
      Supplier<String> words, String ifFails, String ifSlow, Runnable whenSlow) {
    Future<String> speaking;
    try {
      speaking =
          SPEAKERS.submit(() -> {
            try {
              return words.get();
            } catch (Throwable e) { // a message's making must not be a second failure
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
          interrupted = true; // says nothing of the text: the wait goes on, and is short
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
