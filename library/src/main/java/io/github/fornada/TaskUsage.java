package io.github.fornada;

import java.util.Objects;

/**
 * What one attempt at a task used. Times are on the clock of {@link System#nanoTime} of the JVM
 * that owns the pool; a figure that could not be measured is {@link #UNKNOWN}.
 *
 * @param worker name of the thread or worker process that ran it
 * @param startedNanos when it started
 * @param endedNanos when it ended
 * @param cpuNanos processor time it used; unknown on virtual threads
 * @param allocatedBytes heap it allocated; unknown on virtual threads
 * @param bytesIn size of the argument as it was sent to the worker; 0 within one JVM
 * @param bytesOut size of the result as it was sent back; 0 within one JVM
 */
public record TaskUsage(
    String worker,
    long startedNanos,
    long endedNanos,
    long cpuNanos,
    long allocatedBytes,
    long bytesIn,
    long bytesOut) {
  /** A figure that could not be measured. */
  public static final long UNKNOWN = -1;

  public TaskUsage {
    Objects.requireNonNull(worker, "worker");
  }
}
