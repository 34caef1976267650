package io.github.fornada.process.worker;

import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.wire.MessageTypes;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends a worker some time after the end of its parent, whatever else of it still can. A thread of
 * its own that was started long before: from the alarm to the end it allocates nothing, for in a
 * heap filled by a task that swallows every OutOfMemoryError each allocation costs a collection,
 * and to tidy up may then take for ever.
 */
final class ForcedExit {
  /** What tidying up may take; with the rest of the way less than the two seconds promised. */
  private static final long TIDYING_NANOS = Duration.ofMillis(1200).toNanos();

  /** A heap with less than this part of it free has no room to tidy up in. */
  private static final int LEAST_FREE = 16; // Guess

  private final Thread thread;

  /** Set once, by whoever sees the end of the parent. */
  private volatile boolean alarmed;

  ForcedExit() {
    this.thread = OwnThreads.daemon("fornada-forced-exit").unstarted(this::live);
  }

  void start() {
    thread.start();
  }

  /** The parent is gone. Allocates nothing; does not return if the heap is full. */
  void alarm() {
    alarmed = true;
    if (isHeapFull()) {
      // At once, by the thread that runs just now: between one collection and the next there is
      // hardly time for a thread to be woken.
      Runtime.getRuntime().halt(MessageTypes.EXIT_ORPHANED);
    }
    LockSupport.unpark(thread);
  }

  private static boolean isHeapFull() {
    Runtime runtime = Runtime.getRuntime();
    long most = runtime.maxMemory();
    return most - runtime.totalMemory() + runtime.freeMemory() < most / LEAST_FREE;
  }

  boolean isAlarmed() {
    return alarmed;
  }

  private void live() {
    while (!alarmed) {
      LockSupport.park(this);
      var _ = Thread.interrupted(); // a task's mischief: every further park would return at once
    }
    long end = System.nanoTime() + TIDYING_NANOS;
    for (long left = TIDYING_NANOS; left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
      var _ = Thread.interrupted();
    }
    Runtime.getRuntime().halt(MessageTypes.EXIT_ORPHANED);
  }
}
