package io.github.fornada.process.payload;

import io.github.fornada.jvm.OwnThreads;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Copies large arrays with two threads: while one waits for memory, the other goes on. A sender and
 * a receiver of one large item work in turn, so a processor is free for the second thread.
 */
final class ParallelCopy {
  /**
   * Copies of fewer bytes use one thread: starting another takes as long as copying some hundred
   * kilobytes.
   */
  private static final long WORTH_TWO = 8 << 20; // Guess

  private static final ThreadFactory SECOND = OwnThreads.daemon("fornada-copy").factory();

  private ParallelCopy() {}

  /**
   * Copies the first bytes of one segment to another; a segment that only the caller can access is
   * copied by the caller alone, and so is all where no thread can be started.
   */
  static void copy(MemorySegment from, MemorySegment to, long bytes) {
    copy(from, to, bytes, SECOND);
  }

  /** Copies as {@link #copy(MemorySegment, MemorySegment, long)} does. */
  static void copy(MemorySegment from, MemorySegment to, long bytes, ThreadFactory threads) {
    if (bytes < WORTH_TWO || Runtime.getRuntime().availableProcessors() < 2) {
      MemorySegment.copy(from, 0, to, 0, bytes);
      return;
    }
    var second = new Second(from, to, bytes / 2, bytes - bytes / 2);
    Thread thread = started(threads, second, from);
    if (thread == null) {
      MemorySegment.copy(from, 0, to, 0, bytes);
      return;
    }
    try {
      MemorySegment.copy(from, 0, to, 0, bytes / 2);
    } finally {
      join(thread);
    }
    second.rethrow();
  }

  /** Starts the second thread; returns null if there can be none, or it may not read the bytes. */
  private static @Nullable Thread started(
      ThreadFactory threads, Second second, MemorySegment from) {
    try {
      Thread thread = threads.newThread(second);
      if (from.isAccessibleBy(thread)) {
        thread.start();
        return thread;
      }
      return null;
    } catch (OutOfMemoryError e) { // mostly "unable to create native thread"
      return null;
    }
  }

  /**
   * Waits for the end of the thread, which is near and required. An interrupt is set again
   * afterwards.
   */
  private static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class Second implements Runnable {
    private final MemorySegment from;
    private final MemorySegment to;
    private final long at;
    private final long bytes;

    /** What the thread threw. Written by the thread, read after it has ended. */
    private @Nullable Throwable thrown;

    Second(MemorySegment from, MemorySegment to, long at, long bytes) {
      this.from = from;
      this.to = to;
      this.at = at;
      this.bytes = bytes;
    }

    @Override
    public void run() {
      try {
        MemorySegment.copy(from, at, to, at, bytes);
      } catch (RuntimeException | Error e) { // the segment was closed, or its file was truncated
        thrown = e;
      }
    }

    void rethrow() {
      if (thrown instanceof RuntimeException e) {
        throw e;
      }
      if (thrown instanceof Error e) {
        throw e;
      }
    }
  }
}
