package io.github.fornada.process;

import io.github.fornada.process.launch.MemorySizes;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** When workers start and end. Immutable: each {@code with} method returns a changed copy. */
public final class WorkerLife {
  private static final Duration LONGEST = Duration.ofDays(36_500); // before DEFAULT, which uses it

  static final WorkerLife DEFAULT =
      new WorkerLife(-1, Duration.ofSeconds(10), 0, 0, null, null, Duration.ZERO, false);

  private final int minWorkers;
  private final Duration idleTimeout;
  private final int spares;
  private final int maxTasks;
  private final @Nullable Duration maxAge;
  private final @Nullable String residentLimit;
  private final Duration exitGrace;
  private final boolean openInGrace;

  private WorkerLife(
      int minWorkers,
      Duration idleTimeout,
      int spares,
      int maxTasks,
      @Nullable Duration maxAge,
      @Nullable String residentLimit,
      Duration exitGrace,
      boolean openInGrace) {
    if (minWorkers < -1) {
      throw new IllegalArgumentException("min workers must be at least 0, got " + minWorkers);
    }
    if (!idleTimeout.isPositive()) {
      throw new IllegalArgumentException("idle timeout must be positive, got " + idleTimeout);
    }
    if (spares < 0) {
      throw new IllegalArgumentException("spares must be at least 0, got " + spares);
    }
    if (maxTasks < 0) {
      throw new IllegalArgumentException("max tasks must be at least 0, got " + maxTasks);
    }
    if (maxAge != null && !maxAge.isPositive()) {
      throw new IllegalArgumentException("max age must be positive, got " + maxAge);
    }
    if (residentLimit != null) {
      long _ = MemorySizes.ofWorker("resident limit", residentLimit);
    }
    if (exitGrace.isNegative()) {
      throw new IllegalArgumentException("exit grace must not be negative, got " + exitGrace);
    }
    this.minWorkers = minWorkers;
    this.idleTimeout = bounded(idleTimeout);
    this.spares = spares;
    this.maxTasks = maxTasks;
    this.maxAge = maxAge == null ? null : bounded(maxAge);
    this.residentLimit = residentLimit;
    this.exitGrace = bounded(exitGrace);
    this.openInGrace = openInGrace;
  }

  /** Returns {@code d}, but at most a century: twice that still fits in a long of nanoseconds. */
  static Duration bounded(Duration d) {
    return d.compareTo(LONGEST) < 0 ? d : LONGEST;
  }

  /** Returns the resident limit in bytes; {@link Long#MAX_VALUE} for none. */
  long residentBytes() {
    return residentLimit == null
        ? Long.MAX_VALUE
        : MemorySizes.parse("resident limit", residentLimit);
  }

  /**
   * Returns a life in which {@code count} workers are kept even when idle; the others are started
   * on demand. {@code count} must be at least 0.
   */
  public WorkerLife withMinWorkers(int count) {
    return new WorkerLife(
        count, idleTimeout, spares, maxTasks, maxAge, residentLimit, exitGrace, openInGrace);
  }

  /**
   * Returns a life in which a worker beyond the minimum exits after it was idle for {@code time},
   * which must be positive.
   */
  public WorkerLife withIdleTimeout(Duration time) {
    return new WorkerLife(
        minWorkers, time, spares, maxTasks, maxAge, residentLimit, exitGrace, openInGrace);
  }

  /**
   * Returns a life with {@code count} spare workers, already started, in addition to those at work;
   * {@code count} must be at least 0.
   */
  public WorkerLife withSpares(int count) {
    return new WorkerLife(
        minWorkers, idleTimeout, count, maxTasks, maxAge, residentLimit, exitGrace, openInGrace);
  }

  /** Returns a life in which a worker is replaced after {@code count} tasks; 0 for never. */
  public WorkerLife withMaxTasks(int count) {
    return new WorkerLife(
        minWorkers, idleTimeout, spares, count, maxAge, residentLimit, exitGrace, openInGrace);
  }

  /**
   * Returns a life in which a worker is replaced when its age is {@code age}, which must be
   * positive.
   */
  public WorkerLife withMaxAge(Duration age) {
    return new WorkerLife(
        minWorkers, idleTimeout, spares, maxTasks, age, residentLimit, exitGrace, openInGrace);
  }

  /**
   * Returns a life with {@code size}, such as {@code 1g}, as the limit of each worker's resident
   * memory.
   */
  public WorkerLife withResidentLimit(String size) {
    return new WorkerLife(
        minWorkers, idleTimeout, spares, maxTasks, maxAge, size, exitGrace, openInGrace);
  }

  /**
   * Returns a life in which accepted tasks may run on for {@code grace} when this JVM exits; {@code
   * grace} must not be negative.
   */
  public WorkerLife withExitGrace(Duration grace) {
    return new WorkerLife(
        minWorkers, idleTimeout, spares, maxTasks, maxAge, residentLimit, grace, false);
  }

  /**
   * Returns a life as {@link #withExitGrace} does, in which the pool also takes tasks for {@code
   * grace}, until the program closes it; {@code grace} must not be negative.
   */
  public WorkerLife withExitGraceUntilClosed(Duration grace) {
    return new WorkerLife(
        minWorkers, idleTimeout, spares, maxTasks, maxAge, residentLimit, grace, true);
  }

  /** Returns how many workers are kept even when idle; -1 for all. */
  public int minWorkers() {
    return minWorkers;
  }

  /** Returns how long a worker beyond the minimum may be idle before it exits. */
  public Duration idleTimeout() {
    return idleTimeout;
  }

  /** Returns how many spare workers are kept in addition to those at work. */
  public int spares() {
    return spares;
  }

  /** Returns the number of tasks after which a worker is replaced; 0 for never. */
  public int maxTasks() {
    return maxTasks;
  }

  /** Returns the age at which a worker is replaced; null for never. */
  public @Nullable Duration maxAge() {
    return maxAge;
  }

  /** Returns the limit of a worker's resident memory; null for none. */
  public @Nullable String residentLimit() {
    return residentLimit;
  }

  /** Returns how long accepted tasks may run on when this JVM exits. */
  public Duration exitGrace() {
    return exitGrace;
  }

  /** Returns whether the pool takes tasks during the exit grace, until the program closes it. */
  public boolean openInGrace() {
    return openInGrace;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WorkerLife that
        && minWorkers == that.minWorkers
        && idleTimeout.equals(that.idleTimeout)
        && spares == that.spares
        && maxTasks == that.maxTasks
        && Objects.equals(maxAge, that.maxAge)
        && Objects.equals(residentLimit, that.residentLimit)
        && exitGrace.equals(that.exitGrace)
        && openInGrace == that.openInGrace;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        minWorkers, idleTimeout, spares, maxTasks, maxAge, residentLimit, exitGrace, openInGrace);
  }

  @Override
  public String toString() {
    return "WorkerLife[minWorkers="
        + minWorkers
        + ", idleTimeout="
        + idleTimeout
        + ", spares="
        + spares
        + ", maxTasks="
        + maxTasks
        + ", maxAge="
        + maxAge
        + ", residentLimit="
        + residentLimit
        + ", exitGrace="
        + exitGrace
        + ", openInGrace="
        + openInGrace
        + "]";
  }
}
