package io.github.fornada.process;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Prints the lines of a pool's workers to this process's own output, in the order in which they
 * come. {@link System#out} and {@link System#err} may block without end, and what was set in their
 * place is user code. So one thread prints that nothing needs: others wait for it only as long as
 * it gets on.
 *
 * <p>While the output gets on, threads that add lines faster than they are printed wait for it.
 * While it is blocked, lines are kept up to a bound; those beyond it are dropped and counted.
 */
final class OutputPrinter {
  /** How long to wait for one line, or for the lines of one item, before nothing waits any more. */
  static final Duration PATIENCE = Duration.ofSeconds(1); // Guess

  /** How long the thread waits for another line before it ends. */
  private static final Duration IDLE = Duration.ofSeconds(1); // Guess

  /** The number of bytes that may wait while lines are being printed. */
  private static final long AHEAD_BYTES = 1 << 20; // Guess

  /** The most bytes that are kept while the output is blocked, on a large heap. */
  private static final long MAX_BYTES = 64 << 20; // Guess

  /** Where lines go that are not printed here. */
  interface Elsewhere {
    /** Passes a line on with its newline; may wait. */
    void print(boolean error, byte[] line);
  }

  private final long maxBytes;
  private final @Nullable Elsewhere elsewhere;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();
  private final Condition printed = lock.newCondition();

  private static final class Line {
    final boolean error;
    final byte[] bytes;

    Line(boolean error, byte[] bytes) {
      this.error = error;
      this.bytes = bytes;
    }
  }

  // All guarded by lock.
  private final ArrayDeque<Line> queue = new ArrayDeque<>();

  /** Bytes of the lines in the queue, and of the one that is being printed. */
  private long bytes;

  /** Lines added so far. */
  private long last;

  /** Lines printed so far. Also read without the lock. */
  private volatile long done;

  /** When the first line that is not printed yet became the first. */
  private long firstSince;

  /** Whether there is a thread that prints, or one was asked for. */
  private boolean hasThread;

  /**
   * Whether a thread has waited in vain: no item waits for its lines until all have been printed.
   */
  private boolean isLate;

  private long droppedLines;
  private long droppedBytes;

  OutputPrinter() {
    this(Math.min(MAX_BYTES, Runtime.getRuntime().maxMemory() / 16), null);
  }

  /** Creates a printer whose lines go to {@code elsewhere}; null for this process's own output. */
  OutputPrinter(@Nullable Elsewhere elsewhere) {
    this(Math.min(MAX_BYTES, Runtime.getRuntime().maxMemory() / 16), elsewhere);
  }

  /** Creates a printer that keeps at most {@code maxBytes} bytes while the output is blocked. */
  OutputPrinter(long maxBytes) {
    this(maxBytes, null);
  }

  private OutputPrinter(long maxBytes, @Nullable Elsewhere elsewhere) {
    this.maxBytes = maxBytes;
    this.elsewhere = elsewhere;
  }

  /**
   * Adds a line with its newline. Waits while too many wait to be printed, unless the output is
   * blocked. Returns the line's number, for {@link #await}.
   */
  long add(boolean error, byte[] line) {
    boolean start = false;
    lock.lock();
    try {
      awaitRoom(line.length);
      if (bytes + line.length > maxBytes && bytes > 0) {
        droppedLines++;
        droppedBytes += line.length;
        return last;
      }
      if (droppedLines > 0) {
        append(takeNote());
      }
      append(new Line(error, line));
      if (hasThread) {
        added.signal();
      } else {
        hasThread = true;
        start = true;
      }
      return last;
    } finally {
      lock.unlock();
      if (start) {
        OwnThreads.start("fornada-printer", this::printAll);
      }
    }
  }

  /** Under lock. */
  private void append(Line line) {
    if (last == done) {
      firstSince = System.nanoTime();
    }
    queue.addLast(line);
    bytes += line.bytes.length;
    last++;
  }

  /** Returns a line that says how many lines are missing. Under lock. */
  private Line takeNote() {
    String text =
        "fornada: "
            + droppedLines
            + " lines that workers printed, "
            + droppedBytes
            + " bytes, were dropped here, because this program's output was blocked\n";
    droppedLines = 0;
    droppedBytes = 0;
    return new Line(true, text.getBytes(Charset.defaultCharset()));
  }

  private void awaitRoom(int length) {
    boolean interrupted = false;
    while (bytes > 0 && bytes + length > AHEAD_BYTES) {
      long left = leftToGetOn(PATIENCE);
      if (left <= 0) {
        break;
      }
      interrupted |= awaitPrinted(left);
    }
    restore(interrupted);
  }

  /**
   * Returns how many nanoseconds are left until the output counts as blocked, if no line is printed
   * until then. Under lock.
   */
  private long leftToGetOn(Duration patience) {
    return patience.toNanos() - (System.nanoTime() - firstSince);
  }

  /** Returns whether this thread was interrupted. Under lock. */
  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private boolean awaitPrinted(long nanos) {
    try {
      var _ = printed.awaitNanos(nanos);
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  private static void restore(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until the line with this number was printed, for {@link #PATIENCE} at most. After a wait
   * in vain nothing waits until all lines have been printed.
   */
  void await(long number) {
    if (done >= number) {
      return;
    }
    boolean interrupted = false;
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    lock.lock();
    try {
      while (done < number && !isLate) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          isLate = true;
          printed.signalAll();
        } else {
          interrupted |= awaitPrinted(left);
        }
      }
    } finally {
      lock.unlock();
    }
    restore(interrupted);
  }

  /**
   * Waits until all lines were printed, or the output has not got on for {@code patience}, and at
   * least for {@link #PATIENCE}.
   */
  void finish(Duration patience) {
    Duration enough = patience.compareTo(PATIENCE) < 0 ? PATIENCE : patience;
    boolean interrupted = false;
    lock.lock();
    try {
      for (long left = 1; last > done && left > 0; ) {
        left = leftToGetOn(enough);
        if (left > 0) {
          interrupted |= awaitPrinted(left);
        }
      }
    } finally {
      lock.unlock();
    }
    restore(interrupted);
  }

  // ---- the thread that prints

  private void printAll() {
    boolean whole = false;
    try {
      for (Line line = next(); line != null; line = next()) {
        try {
          print(line);
        } finally {
          printed(line);
        }
      }
      whole = true;
    } finally {
      if (!whole) { // such as no memory to report a failure
        OwnThreads.start("fornada-printer", this::printAll);
      }
    }
  }

  /** Returns the next line; null if this thread should end. */
  private @Nullable Line next() {
    lock.lock();
    try {
      long left = IDLE.toNanos();
      while (queue.isEmpty() && left > 0) {
        left = awaitAdded(left);
      }
      Line line = queue.pollFirst();
      hasThread = line != null;
      return line;
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the caller loops
  private long awaitAdded(long nanos) {
    long deadline = System.nanoTime() + nanos;
    try {
      return added.awaitNanos(nanos);
    } catch (InterruptedException e) {
      return deadline - System.nanoTime();
    }
  }

  private void print(Line line) {
    try {
      if (elsewhere != null) {
        elsewhere.print(line.error, line.bytes);
        return;
      }
      // As bytes, in one call: lines stay whole even if other threads print, and bytes that are not
      // text are not changed.
      PrintStream out = line.error ? System.err : System.out;
      out.write(line.bytes, 0, line.bytes.length);
      out.flush();
    } catch (Throwable e) {
      // The user's own stream, set by System.setOut, fails: no reason to lose a worker.
      Log.get().log(System.Logger.Level.DEBUG, "a line of a worker could not be passed on", e);
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // under lock
  private void printed(Line line) {
    lock.lock();
    try {
      bytes -= line.bytes.length;
      done++;
      firstSince = System.nanoTime();
      if (queue.isEmpty()) {
        isLate = false;
        if (droppedLines > 0) {
          append(takeNote());
        }
      }
      printed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
