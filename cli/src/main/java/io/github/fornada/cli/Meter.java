package io.github.fornada.cli;

import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Measures this process and its descendants from {@link #start} to {@link #stop}: wall time,
 * processor time, and the peak of resident memory, sampled every {@value #SAMPLE_MILLIS} ms.
 */
final class Meter {
  private static final long SAMPLE_MILLIS = 20;

  /** The list of processes is refreshed once in this many samples. */
  private static final int REFRESH_SAMPLES = 10;

  /**
   * The measured values.
   *
   * @param startedNanos when it began, as a value of {@link System#nanoTime}
   * @param wallNanos the wall time
   * @param cpuNanos the processor time of all the processes
   * @param peakBytes the peak of the resident memory of all processes together; {@link
   *     ProcessTree#UNKNOWN} if it is not available
   * @param idleNanos the idle time of all processors of the machine, added up; or {@link
   *     ProcessTree#UNKNOWN}
   * @param beforeNanos the time before it began anew; 0 if it did not
   */
  record Reading(
      long startedNanos,
      long wallNanos,
      long cpuNanos,
      long peakBytes,
      long idleNanos,
      long beforeNanos) {
    /** The system counts processor time in steps of up to 10 ms. */
    private static final long SHORT_NANOS = 50_000_000;

    /** Returns how many processors were kept busy; NaN if it was too short to tell. */
    double busyCores() {
      return wallNanos < SHORT_NANOS
          ? Double.NaN
          : Math.min(cpuNanos / (double) wallNanos, Runtime.getRuntime().availableProcessors());
    }

    /** Returns when it ended, as a value of {@link System#nanoTime}. */
    long endedNanos() {
      return startedNanos + wallNanos;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition stopping = lock.newCondition();
  private final ProcessTree tree;

  // Guarded by lock.

  /** When it began for the first time. */
  private long firstNanos;

  private long startedNanos;
  private long idleAtStart = ProcessTree.machineIdleNanos();
  private long cpuAtStart;
  private long peakBytes;
  private boolean stopped;

  private Meter(Set<Long> ignored) {
    tree = new ProcessTree(ignored);
    peakBytes = tree.residentBytes();
  }

  /** Begins to measure, without the processes {@code ignored}. */
  static Meter start(Set<Long> ignored) {
    var meter = new Meter(ignored);
    Thread.ofPlatform().daemon().name("fornada-meter").start(meter::sample);
    meter.begin(true); // the thread needs some time to start
    return meter;
  }

  /** Begins anew: what was used until now is not measured. Returns when that was. */
  long restart() {
    lock.lock();
    try {
      tree.refresh();
      cpuAtStart = tree.cpuNanos();
      idleAtStart = ProcessTree.machineIdleNanos();
      return begin(false);
    } finally {
      lock.unlock();
    }
  }

  private long begin(boolean first) {
    lock.lock();
    try {
      startedNanos = System.nanoTime();
      firstNanos = first ? startedNanos : firstNanos;
      return startedNanos;
    } finally {
      lock.unlock();
    }
  }

  /** Returns when it began, as a value of {@link System#nanoTime}. */
  long startedNanos() {
    lock.lock();
    try {
      return startedNanos;
    } finally {
      lock.unlock();
    }
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
      Thread.currentThread().interrupt(); // nothing interrupts this thread; stop reads in any case
    } finally {
      lock.unlock();
    }
  }

  /** Ends measuring. Must be called while worker processes still run. */
  Reading stop() {
    long ended = System.nanoTime();
    lock.lock();
    try {
      long wall = Math.max(0, ended - startedNanos);
      stopped = true;
      stopping.signalAll();
      tree.refresh();
      peakBytes = Math.max(peakBytes, tree.residentBytes());
      long idle = ProcessTree.machineIdleNanos();
      return new Reading(
          startedNanos,
          wall,
          tree.cpuNanos() - cpuAtStart,
          peakBytes,
          idle == ProcessTree.UNKNOWN ? ProcessTree.UNKNOWN : idle - idleAtStart,
          startedNanos - firstNanos);
    } finally {
      lock.unlock();
    }
  }
}
