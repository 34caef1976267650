package io.github.fornada.cli;

import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Measures this process and its descendants from {@link #start} to {@link #stop}: time on the
 * clock, processor time, and the peak of resident memory, sampled every {@value #SAMPLE_MILLIS} ms.
 */
final class Meter {
  private static final long SAMPLE_MILLIS = 20;

  /** Which processes there are is asked at every such sample. */
  private static final int REFRESH_SAMPLES = 10;

  /**
   * What was measured.
   *
   * @param wallNanos time on the clock
   * @param cpuNanos processor time of all the processes
   * @param peakBytes most resident memory of all together; {@link ProcessTree#UNKNOWN} if it cannot
   *     be had
   * @param idleNanos time that the processors of the whole machine had nothing to do, added up; or
   *     {@link ProcessTree#UNKNOWN}
   */
  record Reading(long wallNanos, long cpuNanos, long peakBytes, long idleNanos) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition stopping = lock.newCondition();
  private final ProcessTree tree;
  private final long startedNanos;
  private final long idleAtStart = ProcessTree.machineIdleNanos();

  // Guarded by lock.
  private long peakBytes;
  private boolean stopped;

  private Meter(Set<Long> ignored) {
    tree = new ProcessTree(ignored);
    peakBytes = tree.residentBytes();
    startedNanos = System.nanoTime();
  }

  /** Begins to measure, leaving out some processes. */
  static Meter start(Set<Long> ignored) {
    var meter = new Meter(ignored);
    Thread.ofPlatform().daemon().name("fornada-meter").start(meter::sample);
    return meter;
  }

  private void sample() {
    lock.lock();
    try {
      for (int samples = 1; !stopped; samples++) {
        if (samples % REFRESH_SAMPLES == 0) {
          tree.refresh();
        }
        peakBytes = Math.max(peakBytes, tree.residentBytes());
        long nanos = SAMPLE_MILLIS * 1_000_000;
        while (!stopped && nanos > 0) {
          nanos = stopping.awaitNanos(nanos);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody interrupts this thread; stop reads in any case
    } finally {
      lock.unlock();
    }
  }

  /** Ends measuring; to be called while worker processes still live. */
  Reading stop() {
    long wall = System.nanoTime() - startedNanos;
    lock.lock();
    try {
      stopped = true;
      stopping.signalAll();
      tree.refresh();
      peakBytes = Math.max(peakBytes, tree.residentBytes());
      long idle = ProcessTree.machineIdleNanos();
      return new Reading(
          wall,
          tree.cpuNanos(),
          peakBytes,
          idle == ProcessTree.UNKNOWN ? ProcessTree.UNKNOWN : idle - idleAtStart);
    } finally {
      lock.unlock();
    }
  }
}
