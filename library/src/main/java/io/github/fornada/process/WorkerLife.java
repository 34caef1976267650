package io.github.fornada.process;

import io.github.fornada.process.launch.MemorySizes;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When workers come and go.
 *
 * @param minWorkers workers kept even when idle; -1 for all
 * @param idleLimit how long a worker beyond those may idle before it leaves
 * @param spares warm workers kept beside those at work
 * @param maxTasks tasks after which a worker is replaced; 0 for never
 * @param maxAge age at which a worker is replaced; null for never
 * @param residentLimit bound on a worker's resident memory; null for none
 */
public record WorkerLife(
    int minWorkers,
    Duration idleLimit,
    int spares,
    int maxTasks,
    @Nullable Duration maxAge,
    @Nullable String residentLimit) {
  private static final Duration LONGEST = Duration.ofDays(36_500); // before DEFAULT, which uses it

  static final WorkerLife DEFAULT = new WorkerLife(-1, Duration.ofSeconds(10), 0, 0, null, null);

  public WorkerLife {
    if (minWorkers < -1) {
      throw new IllegalArgumentException("min workers must be at least 0, got " + minWorkers);
    }
    if (!idleLimit.isPositive()) {
      throw new IllegalArgumentException("idle limit must be positive, got " + idleLimit);
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
    idleLimit = bounded(idleLimit);
    maxAge = maxAge == null ? null : bounded(maxAge);
    if (residentLimit != null) {
      long _ = MemorySizes.parse("resident limit", residentLimit);
    }
  }

  /** As good as for ever, and twice that can still be counted in nanoseconds. */
  static Duration bounded(Duration d) {
    return d.compareTo(LONGEST) < 0 ? d : LONGEST;
  }

  /** Bytes of the resident limit; {@link Long#MAX_VALUE} for none. */
  long residentBytes() {
    return residentLimit == null
        ? Long.MAX_VALUE
        : MemorySizes.parse("resident limit", residentLimit);
  }

  /** With so many workers kept even when idle. */
  public WorkerLife withMinWorkers(int count) {
    return new WorkerLife(count, idleLimit, spares, maxTasks, maxAge, residentLimit);
  }

  /** With this long for a worker beyond those to idle. */
  public WorkerLife withIdleLimit(Duration limit) {
    return new WorkerLife(minWorkers, limit, spares, maxTasks, maxAge, residentLimit);
  }

  /** With so many warm workers. */
  public WorkerLife withSpares(int count) {
    return new WorkerLife(minWorkers, idleLimit, count, maxTasks, maxAge, residentLimit);
  }

  /** With workers replaced after so many tasks. */
  public WorkerLife withMaxTasks(int count) {
    return new WorkerLife(minWorkers, idleLimit, spares, count, maxAge, residentLimit);
  }

  /** With workers replaced at this age. */
  public WorkerLife withMaxAge(Duration age) {
    return new WorkerLife(minWorkers, idleLimit, spares, maxTasks, age, residentLimit);
  }

  /** With this bound on resident memory, such as {@code 1g}. */
  public WorkerLife withResidentLimit(String size) {
    return new WorkerLife(minWorkers, idleLimit, spares, maxTasks, maxAge, size);
  }
}
