package io.github.fornada.jvm;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The library's log. It is opened only for the first message: opening a log takes about 13 ms in a
 * program that has just started, and the first task would wait for that.
 *
 * <p>Loggers and their handlers are the user's, and may block without end, but timers and the
 * threads that read results log too. So one thread writes that nothing needs. The others wait until
 * their message is written, for {@link #PATIENCE} at most, and after a wait in vain no more until
 * everything has been written. While the log is blocked, messages are kept up to a number; those
 * beyond it are dropped and counted.
 */
public final class Log {
  /** How long a thread waits for its message to be written. */
  private static final Duration PATIENCE = Duration.ofMillis(100); // Guess

  /** How long the thread that writes waits for another message before it ends. */
  private static final Duration IDLE = Duration.ofSeconds(1); // Guess

  /** The most messages that are kept while the log is blocked. */
  static final int MAX_WAITING = 1000; // Guess

  private static final Log ALL = new Log();

  private record Entry(System.Logger.Level level, String text, @Nullable Throwable thrown) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();
  private final Condition written = lock.newCondition();

  // All guarded by lock.
  private final Fifo<Entry> queue = new Fifo<>();

  /** Messages added so far. */
  private long last;

  /** Messages written so far. */
  private long done;

  /** The thread that writes; null for none, or one that was asked for and does not run yet. */
  private @Nullable Thread writer;

  /** Whether there is a thread that writes, or one was asked for. */
  private boolean hasThread;

  /** Whether a thread has waited in vain: none waits until all messages have been written. */
  private boolean isLate;

  private long dropped;

  private Log() {}

  public static Log get() {
    return ALL;
  }

  public void log(System.Logger.Level level, String text) {
    add(new Entry(level, text, null));
  }

  public void log(System.Logger.Level level, String text, Throwable thrown) {
    add(new Entry(level, text, thrown));
  }

  private void add(Entry entry) {
    boolean start = false;
    long number;
    lock.lock();
    try {
      if (queue.size() >= MAX_WAITING || !isAdded(entry)) {
        dropped++;
        return;
      }
      number = ++last;
      if (hasThread) {
        added.signal();
      } else {
        hasThread = true;
        start = true;
      }
    } finally {
      lock.unlock();
    }
    if (start) {
      OwnThreads.start("fornada-log", this::writeAll);
    }
    if (entry.level.getSeverity() > System.Logger.Level.DEBUG.getSeverity()) {
      await(number); // nobody looks for less at once, and most programs do not log it
    }
  }

  /** Under lock. */
  private boolean isAdded(Entry entry) {
    try {
      queue.addLast(entry);
      return true;
    } catch (OutOfMemoryError e) {
      return false; // those who tell of something have more to do than that
    }
  }

  @SuppressWarnings("ReferenceEquality") // a thread is equal to itself only
  private void await(long number) {
    boolean interrupted = false;
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    lock.lock();
    try {
      while (done < number && !isLate && writer != Thread.currentThread()) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          isLate = true;
          written.signalAll();
        } else {
          interrupted |= isInterrupted(written, left);
        }
      }
    } finally {
      lock.unlock();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for a signal; returns whether this thread was interrupted. Under lock. */
  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private static boolean isInterrupted(Condition signal, long nanos) {
    try {
      var _ = signal.awaitNanos(nanos);
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  // ---- the thread that writes

  private void writeAll() {
    boolean whole = false;
    try {
      for (Entry entry = next(); entry != null; entry = next()) {
        try {
          System.Logger log = System.getLogger("io.github.fornada");
          if (entry.thrown == null) {
            log.log(entry.level, entry.text);
          } else {
            log.log(entry.level, entry.text, entry.thrown);
          }
        } catch (RuntimeException | LinkageError e) {
          // The user's own logger fails, and there is no other to tell.
        } finally {
          var _ = Thread.interrupted();
          written();
        }
      }
      whole = true;
    } finally {
      if (!whole) { // such as no memory to write a message
        OwnThreads.start("fornada-log", this::writeAll);
      }
    }
  }

  /** Returns the next message; null if this thread should end. */
  private @Nullable Entry next() {
    lock.lock();
    try {
      writer = Thread.currentThread();
      long deadline = System.nanoTime() + IDLE.toNanos();
      for (long left = IDLE.toNanos();
          queue.isEmpty() && left > 0;
          left = deadline - System.nanoTime()) {
        var _ = isInterrupted(added, left);
      }
      Entry entry = queue.poll();
      if (entry == null) {
        hasThread = false;
        writer = null;
      }
      return entry;
    } finally {
      lock.unlock();
    }
  }

  private void written() {
    lock.lock();
    try {
      done++;
      if (queue.isEmpty()) {
        isLate = false;
        if (dropped > 0) {
          queue.addLast(
              new Entry(
                  System.Logger.Level.WARNING,
                  dropped
                      + " messages of this library were dropped here, because this program's log"
                      + " was blocked",
                  null));
          last++;
          dropped = 0;
        }
      }
      written.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
