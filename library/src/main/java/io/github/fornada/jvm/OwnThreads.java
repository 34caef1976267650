package io.github.fornada.jvm;

import java.time.Duration;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The library's own threads. They inherit nothing from the thread that happens to start them: no
 * inheritable thread-locals, the system class loader as their context class loader, and a thread
 * group of their own.
 */
public final class OwnThreads {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(20); // Guess
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1); // Guess

  /** The minimum time between two log entries that say that no thread can be started. */
  private static final long LOG_NANOS = Duration.ofMinutes(1).toNanos();

  /** When the last such entry was logged; 0 for never. */
  private static final AtomicLong LOGGED = new AtomicLong();

  private static final ClassLoader SYSTEM_LOADER = ClassLoader.getSystemClassLoader();

  private OwnThreads() {}

  /** Returns a builder of daemon platform threads called {@code name}. */
  public static Thread.Builder.OfPlatform daemon(String name) {
    return Thread.ofPlatform()
        .group(OwnGroup.get())
        .daemon()
        .name(name)
        .inheritInheritableThreadLocals(false);
  }

  /**
   * Returns an executor for code that may never return and then blocks a thread forever. Its
   * threads are created when they are needed and end after a second without work; tasks that come
   * while {@code max} of them are busy are rejected.
   */
  public static ThreadPoolExecutor expendable(String name, int max) {
    return new ThreadPoolExecutor(
        0, max, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), daemon(name).factory());
  }

  /**
   * Undoes what user code has changed in a thread, so that what runs there next sees none of it.
   *
   * @param name the name that the thread has
   * @param home what {@link Thread#getUncaughtExceptionHandler} returned before any of it ran
   */
  @SuppressWarnings("ReferenceEquality") // loaders have no equality of their own
  public static void restore(
      Thread self, String name, Thread.@Nullable UncaughtExceptionHandler home) {
    if (self.getContextClassLoader() != SYSTEM_LOADER) {
      self.setContextClassLoader(SYSTEM_LOADER);
    }
    restore(self, name, Thread.NORM_PRIORITY, home);
  }

  /** Undoes what user code has changed in a thread, all but its context class loader. */
  @SuppressWarnings({"ThreadPriorityCheck", "ReferenceEquality"}) // nothing relies on priorities
  public static void restore(
      Thread self, String name, int priority, Thread.@Nullable UncaughtExceptionHandler home) {
    if (!self.getName().equals(name)) {
      self.setName(name);
    }
    if (self.getPriority() != priority) {
      self.setPriority(priority);
    }
    if (self.getUncaughtExceptionHandler() != home) {
      // Without one of its own, a thread answers with its group.
      self.setUncaughtExceptionHandler(home instanceof ThreadGroup ? null : home);
    }
  }

  /**
   * Starts a daemon platform thread. If the system cannot create a thread now, tries again after a
   * pause until it can. Never throws, and waits only for room in the heap.
   */
  public static void start(String name, Runnable body) {
    start(() -> daemon(name).unstarted(body), FIRST_PAUSE);
  }

  private static void start(Supplier<Thread> maker, Duration pause) {
    try {
      maker.get().start();
    } catch (RuntimeException | Error e) { // OutOfMemoryError: "unable to create native thread"
      while (!startsLater(e, maker, pause)) {
        HeapShortage.await();
      }
    }
  }

  /** Returns false if there was no memory for that. */
  private static boolean startsLater(Throwable thrown, Supplier<Thread> maker, Duration pause) {
    try {
      noThread(thrown);
      Duration twice = pause.multipliedBy(2);
      Duration longer = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
      var _ = Timer.tryAfter(pause, () -> start(maker, longer));
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  /** Logs that no thread could be started, at most once a minute. */
  public static void noThread(Throwable thrown) {
    long now = System.nanoTime() | 1; // never 0
    long last = LOGGED.get();
    if ((last == 0 || now - last > LOG_NANOS) && LOGGED.compareAndSet(last, now)) {
      Log.get()
          .log(
              System.Logger.Level.WARNING,
              "no thread could be started; it is tried again. Look at the limits of the process,"
                  + " such as ulimit -u and the pids limit of its container",
              thrown);
    }
  }
}
