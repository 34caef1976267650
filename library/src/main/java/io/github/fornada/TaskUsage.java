package io.github.fornada;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The resources that one attempt at a task used. Start and end are values of {@link
 * System#nanoTime} in the JVM that owns the pool. A figure that could not be measured is {@link
 * #UNKNOWN}. Immutable.
 */
public final class TaskUsage {
  /** A figure that could not be measured. */
  public static final long UNKNOWN = -1;

  private final String worker;
  private final long startedNanos;
  private final long endedNanos;
  private final long cpuNanos;
  private final long allocatedBytes;
  private final long bytesIn;
  private final long bytesOut;

  private TaskUsage(
      String worker,
      long startedNanos,
      long endedNanos,
      long cpuNanos,
      long allocatedBytes,
      long bytesIn,
      long bytesOut) {
    this.worker = Objects.requireNonNull(worker, "worker");
    this.startedNanos = startedNanos;
    this.endedNanos = endedNanos;
    this.cpuNanos = cpuNanos;
    this.allocatedBytes = allocatedBytes;
    this.bytesIn = bytesIn;
    this.bytesOut = bytesOut;
  }

  /**
   * Returns the usage of an attempt within this JVM; see the accessors for the figures.
   *
   * @param worker the name of the thread that ran the attempt
   */
  public static TaskUsage of(
      String worker, long startedNanos, long endedNanos, long cpuNanos, long allocatedBytes) {
    return new TaskUsage(worker, startedNanos, endedNanos, cpuNanos, allocatedBytes, 0, 0);
  }

  /**
   * Returns this usage with the sizes of the argument and the result, in bytes.
   *
   * @param in the size of the argument as it was sent to the worker
   * @param out the size of the result as it was sent back
   */
  public TaskUsage withBytes(long in, long out) {
    return new TaskUsage(worker, startedNanos, endedNanos, cpuNanos, allocatedBytes, in, out);
  }

  /** Returns the name of the thread or worker process that ran the attempt. */
  public String worker() {
    return worker;
  }

  /** Returns when the attempt started, in nanoseconds. */
  public long startedNanos() {
    return startedNanos;
  }

  /** Returns when the attempt ended, in nanoseconds. */
  public long endedNanos() {
    return endedNanos;
  }

  /**
   * Returns the processor time that the attempt used, in nanoseconds; {@link #UNKNOWN} on virtual
   * threads.
   */
  public long cpuNanos() {
    return cpuNanos;
  }

  /** Returns the bytes of heap that the attempt allocated; {@link #UNKNOWN} on virtual threads. */
  public long allocatedBytes() {
    return allocatedBytes;
  }

  /** Returns the size of the argument as it was sent to the worker, in bytes; 0 within one JVM. */
  public long bytesIn() {
    return bytesIn;
  }

  /** Returns the size of the result as it was sent back, in bytes; 0 within one JVM. */
  public long bytesOut() {
    return bytesOut;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TaskUsage that
        && worker.equals(that.worker)
        && startedNanos == that.startedNanos
        && endedNanos == that.endedNanos
        && cpuNanos == that.cpuNanos
        && allocatedBytes == that.allocatedBytes
        && bytesIn == that.bytesIn
        && bytesOut == that.bytesOut;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        worker, startedNanos, endedNanos, cpuNanos, allocatedBytes, bytesIn, bytesOut);
  }

  @Override
  public String toString() {
    return "TaskUsage[worker="
        + worker
        + ", startedNanos="
        + startedNanos
        + ", endedNanos="
        + endedNanos
        + ", cpuNanos="
        + cpuNanos
        + ", allocatedBytes="
        + allocatedBytes
        + ", bytesIn="
        + bytesIn
        + ", bytesOut="
        + bytesOut
        + "]";
  }
}
