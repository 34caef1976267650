package io.github.fornada.jvm;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gets the texts for messages that user code makes, such as an item's {@code toString}, within a
 * bounded time. The user code runs on another thread. The caller waits for it at most {@link
 * #LIMIT} and then uses a substitute, so user code cannot keep a message from being completed.
 */
public final class BoundedText {
  static final Duration LIMIT = Duration.ofSeconds(1);

  private static final int ITEM_LENGTH = 80;

  /** The pause between two checks for a free thread. */
  private static final long PAUSE_NANOS = 1_000_000; // Guess

  /** How long the objects of a class are not called after one of them took too long. */
  static final Duration MARKED = Duration.ofSeconds(10); // Guess

  /** Threads that call user code. One that hangs is replaced. */
  private static final int THREADS = 8; // Guess

  /** At most this many threads that hang at the same time are replaced. */
  private static final int MAX_LOST = 64; // Guess

  /** Those whose {@code toString} is bounded in time by itself. */
  private static final Set<Class<?>> BOUNDED = ConcurrentHashMap.newKeySet();

  /** Those whose {@code toString} took too long. */
  private static final SlowClasses HANGING = new SlowClasses(MARKED);

  private static final ThreadPoolExecutor TEXT_THREADS =
      OwnThreads.expendable("fornada-text", THREADS);

  /** The number of threads that hang. Guarded by the class. */
  private static int lost;

  private BoundedText() {}

  /**
   * Returns {@code object.toString()}; if that returns null, throws, or takes longer than {@link
   * #LIMIT}, a text with the object's class that says so. Never null.
   */
  public static String of(@Nullable Object object) {
    if (object == null || isPlain(object)) {
      return String.valueOf(object);
    }
    Class<?> type = object.getClass();
    if (BOUNDED.contains(type)) {
      return object.toString();
    }
    String name = "a " + type.getName() + " whose toString ";
    if (hangs(object)) {
      return name + "hangs";
    }
    return BoundedText.<String>call(
        () -> Objects.requireNonNullElse(object.toString(), name + "returns null"),
        name + "fails",
        name + "hangs",
        name + "was not called: too many others hang",
        () -> HANGING.add(type));
  }

  /**
   * Tells that the {@code toString} of the library's class {@code type} gets what is the user's
   * within it from here. So it is called by the thread that wants it: within a call of another text
   * it would take a second thread, and what hangs in it would count against {@code type}.
   */
  public static void boundsItself(Class<?> type) {
    BOUNDED.add(type);
  }

  /** Returns whether the {@code toString} of an object of the same class took too long lately. */
  public static boolean hangs(Object object) {
    return HANGING.contains(object.getClass());
  }

  /** Returns the text of {@code item} as by {@link #of}, in one line of at most 83 characters. */
  public static String ofItem(@Nullable Object item) {
    String text = of(item).replace('\n', ' ').replace('\r', ' ');
    return text.length() <= ITEM_LENGTH ? text : text.substring(0, ITEM_LENGTH) + "...";
  }

  /**
   * Returns whether {@code toString}, {@code equals} and {@code hashCode} of {@code object} run no
   * user code, so that they may be called directly.
   */
  public static boolean isPlain(@Nullable Object object) {
    return object == null
        || object instanceof String
        || object instanceof Integer
        || object instanceof Long
        || object instanceof Double
        || object instanceof Boolean
        || object instanceof Character
        || object instanceof Short
        || object instanceof Byte
        || object instanceof Float;
  }

  /**
   * Returns the text that {@code words} makes, or a substitute after {@link #LIMIT}. An interrupt
   * of the caller does not end the wait, which is short, and is set again afterwards.
   *
   * @param ifFails the text if it throws
   * @param ifSlow the text if it takes longer, or if no thread is free to call it
   * @param whenSlow an action to run if it takes longer
   */
  public static String boundedMessage(
      Supplier<String> words, String ifFails, String ifSlow, Runnable whenSlow) {
    return call(words, ifFails, ifSlow, ifSlow, whenSlow);
  }

  /** Like {@link #boundedMessage(Supplier, String, String, Runnable)}, with one substitute. */
  public static String boundedMessage(Supplier<String> words, String otherwise) {
    return boundedMessage(words, otherwise, otherwise, () -> {});
  }

  /**
   * Returns the result of other user code, such as an item's {@code equals}; otherwise as {@link
   * #boundedMessage(Supplier, String, String, Runnable)}.
   */
  public static <V> V call(Supplier<V> code, V ifFails, V ifSlow, Runnable whenSlow) {
    return call(code, ifFails, ifSlow, ifSlow, whenSlow);
  }

  private static <V> V call(Supplier<V> code, V ifFails, V ifSlow, V ifBusy, Runnable whenSlow) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    var call = new Call<V>(code, ifFails);
    boolean interrupted = Thread.interrupted();
    try {
      Future<V> speaking = submit(call, deadline);
      if (speaking == null) {
        return ifBusy;
      }
      while (true) {
        try {
          return speaking.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true; // the interrupt does not concern the text
        } catch (TimeoutException e) {
          boolean hangs = call.hangs(); // checked before the interrupt, which may end the call
          speaking.cancel(true);
          if (!hangs) {
            return ifBusy; // its thread was not scheduled in time
          }
          whenSlow.run();
          return ifSlow;
        }
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e); // it catches all
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Submits a call as soon as a thread is free; returns null if none is before the deadline. */
  private static <V> @Nullable Future<V> submit(Call<V> call, long deadline) {
    while (true) {
      try {
        return TEXT_THREADS.submit(call);
      } catch (RejectedExecutionException e) {
        long left = deadline - System.nanoTime();
        if (left <= 0 || areTooManyLost()) {
          return null;
        }
        LockSupport.parkNanos(Math.min(left, PAUSE_NANOS));
      } catch (OutOfMemoryError e) { // "unable to create native thread"
        OwnThreads.noThread(e);
        return null;
      }
    }
  }

  private static synchronized boolean areTooManyLost() {
    return lost >= MAX_LOST;
  }

  private static synchronized void lost(int change) {
    lost += change;
    TEXT_THREADS.setMaximumPoolSize(THREADS + Math.min(lost, MAX_LOST));
  }

  /** A call of user code that may hang. */
  private static final class Call<V> implements Callable<V> {
    private final Supplier<V> code;
    private final V ifFails;
    private final AtomicBoolean begun = new AtomicBoolean();

    /**
     * Set once: by the thread that runs the call when it has ended, or by the one that gives up
     * waiting.
     */
    private final AtomicBoolean settled = new AtomicBoolean();

    Call(Supplier<V> code, V ifFails) {
      this.code = code;
      this.ifFails = ifFails;
    }

    @Override
    public V call() {
      begun.set(true);
      try {
        return code.get();
      } catch (Throwable e) { // making a message must not cause a second failure
        return ifFails;
      } finally {
        if (!settled.compareAndSet(false, true)) {
          lost(-1); // it came back after all
        }
      }
    }

    /**
     * Returns whether user code was called and has not returned; if so, counts its thread as lost.
     */
    boolean hangs() {
      if (begun.get() && settled.compareAndSet(false, true)) {
        lost(1);
        return true;
      }
      return false;
    }
  }
}
