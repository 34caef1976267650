package io.github.fornada.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;

/** What is measured of a stage while it runs. */
final class StageFigures {
  private static final VarHandle FIRST;

  static {
    try {
      FIRST = MethodHandles.lookup().findVarHandle(StageFigures.class, "firstNanos", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Why workers that do nothing do nothing. */
  enum Idle {
    /** There was something to do when it was last asked for. */
    NO,
    FOR_INPUT,
    FOR_ROOM
  }

  private final LongAdder busyNanos = new LongAdder();
  private final LongAdder timed = new LongAdder();
  private final LongAdder cpuNanos = new LongAdder();

  /** When the first item was begun, and when one ended last; 0 for never. */
  @SuppressWarnings("unused") // by FIRST
  private volatile long firstNanos;

  private volatile long lastNanos;

  /** Items that were given to workers; results passed on; items that ended without one. */
  final LongAdder taken = new LongAdder();

  final LongAdder passedOn = new LongAdder();
  final LongAdder failed = new LongAdder();

  // ---- guarded by the lock of the stage's queue

  private Idle idle = Idle.FOR_INPUT;
  private long idleSince = System.nanoTime();
  private long inputNanos;
  private long roomNanos;

  void ran(int count, long nanos) {
    timed.add(count);
    busyNanos.add(nanos);
    long now = System.nanoTime();
    lastNanos = now;
    if (firstNanos == 0) {
      FIRST.compareAndSet(this, 0L, now - nanos);
    }
  }

  void usedCpu(long nanos) {
    cpuNanos.add(nanos);
  }

  /** The processor time of all items, as far as it is measured here. */
  long cpuNanos() {
    return cpuNanos.sum();
  }

  /** How many items are in the times. */
  long timed() {
    return timed.sum();
  }

  /** From the first item's beginning to the last one's end, in nanoseconds. */
  long activeNanos() {
    return firstNanos == 0 ? 0 : Math.max(1, lastNanos - firstNanos);
  }

  /** Under the queue's lock. */
  void becomes(Idle now) {
    if (idle != now) {
      long nanos = System.nanoTime();
      settle(nanos);
      idle = now;
    }
  }

  private void settle(long nanos) {
    switch (idle) {
      case FOR_INPUT -> inputNanos += nanos - idleSince;
      case FOR_ROOM -> roomNanos += nanos - idleSince;
      case NO -> {}
    }
    idleSince = nanos;
  }

  /** The part of the idle time that was spent waiting for room. Under the queue's lock. */
  double partForRoom() {
    settle(System.nanoTime());
    long all = inputNanos + roomNanos;
    return all == 0 ? 0 : roomNanos / (double) all;
  }

  long busyNanos() {
    return busyNanos.sum();
  }

  /** The mean time of an item, in nanoseconds; 0 while unknown. */
  double meanNanos() {
    long count = timed.sum();
    return count == 0 ? 0 : busyNanos.sum() / (double) count;
  }
}
