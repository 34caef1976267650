package io.github.fornada.process.worker;

import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.wire.MessageTypes;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends a worker some time after the end of its parent, even if nothing else in the worker can run.
 * It has a thread of its own that was started long before, and allocates nothing from the alarm to
 * the end: in a heap filled by a task that swallows every OutOfMemoryError, each allocation causes
 * a garbage collection, and cleaning up may then take forever.
 */
final class ForcedExit {
  /**
   * How long cleaning up may take; together with the other steps less than the two seconds
   * promised.
   */
  private static final long TIDYING_NANOS = Duration.ofMillis(1200).toNanos();

  /** If less than one part in this many of the heap is free, it is full. */
  private static final int MIN_FREE = 16; // Guess

  private final Thread thread;

  /** Set once, by the thread that sees the end of the parent. */
  private volatile boolean alarmed;

  ForcedExit() {
    this.thread = OwnThreads.daemon("fornada-forced-exit").unstarted(this::live);
  }

  void start() {
    thread.start();
  }

  /** Called when the parent is gone. Allocates nothing; does not return if the heap is full. */
  void alarm() {
    alarmed = true;
    if (isHeapFull()) { // there is no room for cleaning up
      // At once, by the thread that is running: between one collection and the next there is hardly
      // time to wake another thread.
      Runtime.getRuntime().halt(MessageTypes.EXIT_ORPHANED);
    }
    LockSupport.unpark(thread);
  }

  /** Returns whether hardly anything of the heap is free. Allocates nothing. */
  static boolean isHeapFull() {
    Runtime runtime = Runtime.getRuntime();
    long most = runtime.maxMemory();
    return most - runtime.totalMemory() + runtime.freeMemory() < most / MIN_FREE;
  }

  boolean isAlarmed() {
    return alarmed;
  }

  private void live() {
    while (!alarmed) {
      LockSupport.park(this);
      // a task interrupted it: with the flag set every further park would return at once
      var _ = Thread.interrupted();
    }
    long end = System.nanoTime() + TIDYING_NANOS;
    for (long left = TIDYING_NANOS; left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
      var _ = Thread.interrupted();
    }
    Runtime.getRuntime().halt(MessageTypes.EXIT_ORPHANED);
  }
}
