package io.github.fornada;

import org.jspecify.annotations.Nullable;

/**
 * A step in the life of a task or a worker, as told to a {@link TaskListener}. All times are {@link
 * System#nanoTime} of the JVM that owns the pool.
 */
public sealed interface TaskEvent {
  /** When it happened. */
  long nanos();

  /** A step in the life of a task. */
  sealed interface OfTask extends TaskEvent {
    /** Number of the task, unique in its pool. */
    long task();

    /** Place of its item in its input, from 0; 0 for a single submit. */
    long index();

    /** Its item; for a submitted {@code Callable} or {@code Runnable}, that object. */
    @Nullable Object item();
  }

  /** The pool has taken the task from its source. */
  record Submitted(long task, long index, @Nullable Object item, long nanos) implements OfTask {}

  /**
   * A worker has begun it.
   *
   * @param worker name of the thread or worker process
   * @param attempt 1, or more for a retry
   */
  record Started(
      long task, long index, @Nullable Object item, String worker, int attempt, long nanos)
      implements OfTask {}

  /**
   * A task in a worker process has printed a line.
   *
   * @param worker name of the worker process
   * @param error whether to its standard error
   * @param line what it printed, without the newline
   */
  record Printed(
      long task,
      long index,
      @Nullable Object item,
      String worker,
      boolean error,
      String line,
      long nanos)
      implements OfTask {}

  /**
   * An attempt has ended.
   *
   * @param attempt 1, or more for a retry
   * @param last whether this is the task's outcome; false where a retry follows
   * @param usage what it used; null if it never started
   */
  record Finished(
      long task,
      long index,
      @Nullable Object item,
      int attempt,
      boolean last,
      Outcome<?> outcome,
      @Nullable TaskUsage usage,
      long nanos)
      implements OfTask {}

  /**
   * A worker is ready for its first task.
   *
   * @param worker its name
   * @param pid its process id; that of this process for a thread
   * @param startupNanos from the decision to start it until it was ready
   */
  record WorkerReady(String worker, long pid, long startupNanos, long nanos) implements TaskEvent {}

  /** A worker process has ended; {@code expected} if the pool asked it to. */
  record WorkerEnded(DeathCertificate certificate, boolean expected, long nanos)
      implements TaskEvent {}
}
