package io.github.fornada.threads;

import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/** Sums up what the workers of a pool have done. */
final class Meter {
  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** How late a figure may come while one batch goes on. */
  private static final long FLUSH_NANOS = 2_000_000; // Guess

  private final LongAdder ended = new LongAdder();
  private final LongAdder busyNanos = new LongAdder();
  private final DoubleAdder busySquares = new DoubleAdder();
  private final LongAdder metered = new LongAdder();
  private final LongAdder cpuNanos = new LongAdder();
  private final LongAdder allocated = new LongAdder();

  long ended() {
    return ended.sum();
  }

  long busyNanos() {
    return busyNanos.sum();
  }

  double busySquares() {
    return busySquares.sum();
  }

  long metered() {
    return metered.sum();
  }

  long cpuNanos() {
    return cpuNanos.sum();
  }

  long allocatedBytes() {
    return allocated.sum();
  }

  /**
   * What one worker has done since the figures were last summed up: an item costs one reading of
   * the clock, and the rest comes once for a batch.
   */
  final class Tally {
    private final boolean meters;
    private long itemBegan;
    private long flushed;
    private long cpu;
    private long bytes;
    private int count;
    private long sum;
    private double squares;

    /** Only the thread itself may use it; {@code meters} is whether its CPU time can be read. */
    Tally(boolean meters) {
      this.meters = meters;
    }

    void begin() {
      itemBegan = System.nanoTime();
      flushed = itemBegan;
      if (meters) {
        cpu = THREADS.getCurrentThreadCpuTime();
        bytes = THREADS.getCurrentThreadAllocatedBytes();
      }
    }

    void ended() {
      long now = System.nanoTime();
      long took = now - itemBegan;
      itemBegan = now;
      count++;
      sum += took;
      squares += (double) took * took;
      if (now - flushed > FLUSH_NANOS) {
        flush();
        flushed = now;
      }
    }

    void flush() {
      if (count == 0) {
        return;
      }
      busyNanos.add(sum);
      busySquares.add(squares);
      if (meters) {
        long cpuNow = THREADS.getCurrentThreadCpuTime();
        long bytesNow = THREADS.getCurrentThreadAllocatedBytes();
        metered.add(count);
        cpuNanos.add(cpuNow - cpu);
        allocated.add(bytesNow - bytes);
        cpu = cpuNow;
        bytes = bytesNow;
      }
      ended.add(count); // last: who reads it first finds the other sums of these items
      count = 0;
      sum = 0;
      squares = 0;
    }
  }
}
