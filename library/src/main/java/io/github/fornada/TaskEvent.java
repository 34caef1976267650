package io.github.fornada;

import org.jspecify.annotations.Nullable;

/**
 * A step in the life of a task or a worker, as passed to a {@link TaskListener}. All times are
 * values of {@link System#nanoTime} in the JVM that owns the pool. Events are immutable.
 *
 * {@snippet :
 * switch (event) {
 *   case TaskEvent.Finished finished when finished.last() -> bar.step();
 *   case TaskEvent.WorkerEnded ended when !ended.expected() -> log.warn(ended.certificate());
 *   default -> {}
 * }
 * }
 */
public sealed interface TaskEvent {
  /** Returns the time of the event. */
  long nanos();

  /** A step in the life of a task. */
  sealed interface OfTask extends TaskEvent {
    /** Returns the number of the task, unique in its pool. */
    long task();

    /** Returns the index of the task's item in its input, from 0; 0 for a single submit. */
    long index();

    /**
     * Returns the task's item; for a submitted {@code Callable} or {@code Runnable}, that object.
     */
    @Nullable Object item();
  }

  /** The pool has taken the task from its source. */
  final class Submitted implements OfTask {
    private final long task;
    private final long index;
    private final @Nullable Object item;
    private final long nanos;

    private Submitted(long task, long index, @Nullable Object item, long nanos) {
      this.task = task;
      this.index = index;
      this.item = item;
      this.nanos = nanos;
    }

    /**
     * Returns an event of this kind.
     *
     * @param task the number of the task, unique in its pool
     * @param index the place of its item in its input, from 0; 0 for a single submit
     * @param item its item
     * @param nanos when it happened
     */
    public static Submitted of(long task, long index, @Nullable Object item, long nanos) {
      return new Submitted(task, index, item, nanos);
    }

    @Override
    public long task() {
      return task;
    }

    @Override
    public long index() {
      return index;
    }

    @Override
    public @Nullable Object item() {
      return item;
    }

    @Override
    public long nanos() {
      return nanos;
    }

    private Parts parts() {
      return new Parts("task, index, item, nanos", task, index, item, nanos);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Submitted that && parts().equals(that.parts());
    }

    @Override
    public int hashCode() {
      return parts().hashCode();
    }

    @Override
    public String toString() {
      return parts().text("Submitted");
    }
  }

  /** A worker has started the task. */
  final class Started implements OfTask {
    private final long task;
    private final long index;
    private final @Nullable Object item;
    private final String worker;
    private final int attempt;
    private final long nanos;

    private Started(
        long task, long index, @Nullable Object item, String worker, int attempt, long nanos) {
      this.task = task;
      this.index = index;
      this.item = item;
      this.worker = worker;
      this.attempt = attempt;
      this.nanos = nanos;
    }

    /**
     * Returns an event of this kind.
     *
     * @param task the number of the task, unique in its pool
     * @param index the place of its item in its input, from 0; 0 for a single submit
     * @param item its item
     * @param worker the name of the thread or worker process
     * @param attempt the attempt: 1, or more for a retry
     * @param nanos when it happened
     */
    public static Started of(
        long task, long index, @Nullable Object item, String worker, int attempt, long nanos) {
      return new Started(task, index, item, worker, attempt, nanos);
    }

    @Override
    public long task() {
      return task;
    }

    @Override
    public long index() {
      return index;
    }

    @Override
    public @Nullable Object item() {
      return item;
    }

    /** Returns the name of the thread or worker process. */
    public String worker() {
      return worker;
    }

    /** Returns the number of the attempt: 1, or more for a retry. */
    public int attempt() {
      return attempt;
    }

    @Override
    public long nanos() {
      return nanos;
    }

    private Parts parts() {
      return new Parts(
          "task, index, item, worker, attempt, nanos", task, index, item, worker, attempt, nanos);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Started that && parts().equals(that.parts());
    }

    @Override
    public int hashCode() {
      return parts().hashCode();
    }

    @Override
    public String toString() {
      return parts().text("Started");
    }
  }

  /**
   * A task in a worker process has printed a line. A line of more than 64 KiB comes in pieces, each
   * an event of its own.
   */
  final class Printed implements OfTask {
    private final long task;
    private final long index;
    private final @Nullable Object item;
    private final String worker;
    private final boolean error;
    private final String line;
    private final long nanos;

    private Printed(
        long task,
        long index,
        @Nullable Object item,
        String worker,
        boolean error,
        String line,
        long nanos) {
      this.task = task;
      this.index = index;
      this.item = item;
      this.worker = worker;
      this.error = error;
      this.line = line;
      this.nanos = nanos;
    }

    /**
     * Returns an event of this kind.
     *
     * @param task the number of the task, unique in its pool
     * @param index the place of its item in its input, from 0; 0 for a single submit
     * @param item its item
     * @param worker the name of the worker process
     * @param error whether the line went to standard error
     * @param line the printed line, without the newline
     * @param nanos when it happened
     */
    public static Printed of(
        long task,
        long index,
        @Nullable Object item,
        String worker,
        boolean error,
        String line,
        long nanos) {
      return new Printed(task, index, item, worker, error, line, nanos);
    }

    @Override
    public long task() {
      return task;
    }

    @Override
    public long index() {
      return index;
    }

    @Override
    public @Nullable Object item() {
      return item;
    }

    /** Returns the name of the worker process. */
    public String worker() {
      return worker;
    }

    /** Returns whether the line went to standard error. */
    public boolean error() {
      return error;
    }

    /** Returns the printed line, without the newline. */
    public String line() {
      return line;
    }

    @Override
    public long nanos() {
      return nanos;
    }

    private Parts parts() {
      return new Parts(
          "task, index, item, worker, error, line, nanos",
          task,
          index,
          item,
          worker,
          error,
          line,
          nanos);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Printed that && parts().equals(that.parts());
    }

    @Override
    public int hashCode() {
      return parts().hashCode();
    }

    @Override
    public String toString() {
      return parts().text("Printed");
    }
  }

  /** An attempt has ended. */
  final class Finished implements OfTask {
    private final long task;
    private final long index;
    private final @Nullable Object item;
    private final int attempt;
    private final boolean last;
    private final Outcome<?> outcome;
    private final @Nullable TaskUsage usage;
    private final long nanos;

    private Finished(
        long task,
        long index,
        @Nullable Object item,
        int attempt,
        boolean last,
        Outcome<?> outcome,
        @Nullable TaskUsage usage,
        long nanos) {
      this.task = task;
      this.index = index;
      this.item = item;
      this.attempt = attempt;
      this.last = last;
      this.outcome = outcome;
      this.usage = usage;
      this.nanos = nanos;
    }

    /**
     * Returns an event of this kind.
     *
     * @param task the number of the task, unique in its pool
     * @param index the place of its item in its input, from 0; 0 for a single submit
     * @param item its item
     * @param attempt the attempt: 1, or more for a retry
     * @param last whether this is the final outcome of the task; false if a retry follows
     * @param outcome how the attempt ended
     * @param usage what the attempt used; null if it never started
     * @param nanos when it happened
     */
    public static Finished of(
        long task,
        long index,
        @Nullable Object item,
        int attempt,
        boolean last,
        Outcome<?> outcome,
        @Nullable TaskUsage usage,
        long nanos) {
      return new Finished(task, index, item, attempt, last, outcome, usage, nanos);
    }

    @Override
    public long task() {
      return task;
    }

    @Override
    public long index() {
      return index;
    }

    @Override
    public @Nullable Object item() {
      return item;
    }

    /** Returns the number of the attempt: 1, or more for a retry. */
    public int attempt() {
      return attempt;
    }

    /** Returns whether this is the final outcome of the task; false if a retry follows. */
    public boolean last() {
      return last;
    }

    /** Returns how the attempt ended. */
    public Outcome<?> outcome() {
      return outcome;
    }

    /** Returns what the attempt used; null if it never started. */
    public @Nullable TaskUsage usage() {
      return usage;
    }

    @Override
    public long nanos() {
      return nanos;
    }

    private Parts parts() {
      return new Parts(
          "task, index, item, attempt, last, outcome, usage, nanos",
          task,
          index,
          item,
          attempt,
          last,
          outcome,
          usage,
          nanos);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Finished that && parts().equals(that.parts());
    }

    @Override
    public int hashCode() {
      return parts().hashCode();
    }

    @Override
    public String toString() {
      return parts().text("Finished");
    }
  }

  /** A worker is ready for its first task. */
  final class WorkerReady implements TaskEvent {
    private final String worker;
    private final long pid;
    private final long startupNanos;
    private final long nanos;

    private WorkerReady(String worker, long pid, long startupNanos, long nanos) {
      this.worker = worker;
      this.pid = pid;
      this.startupNanos = startupNanos;
      this.nanos = nanos;
    }

    /**
     * Returns an event of this kind.
     *
     * @param worker the worker's name
     * @param pid the worker's process id; for a thread, the id of this process
     * @param startupNanos the time from the decision to start the worker until it was ready, in
     *     nanoseconds
     * @param nanos when it happened
     */
    public static WorkerReady of(String worker, long pid, long startupNanos, long nanos) {
      return new WorkerReady(worker, pid, startupNanos, nanos);
    }

    /** Returns the worker's name. */
    public String worker() {
      return worker;
    }

    /** Returns the worker's process id; for a thread, the id of this process. */
    public long pid() {
      return pid;
    }

    /**
     * Returns the time from the decision to start the worker until it was ready, in nanoseconds.
     */
    public long startupNanos() {
      return startupNanos;
    }

    @Override
    public long nanos() {
      return nanos;
    }

    private Parts parts() {
      return new Parts("worker, pid, startupNanos, nanos", worker, pid, startupNanos, nanos);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof WorkerReady that && parts().equals(that.parts());
    }

    @Override
    public int hashCode() {
      return parts().hashCode();
    }

    @Override
    public String toString() {
      return parts().text("WorkerReady");
    }
  }

  /** A worker process has ended. */
  final class WorkerEnded implements TaskEvent {
    private final DeathCertificate certificate;
    private final boolean expected;
    private final long nanos;

    private WorkerEnded(DeathCertificate certificate, boolean expected, long nanos) {
      this.certificate = certificate;
      this.expected = expected;
      this.nanos = nanos;
    }

    /**
     * Returns an event of this kind.
     *
     * @param certificate what is known about its end
     * @param expected whether the pool asked the worker to end
     * @param nanos when it happened
     */
    public static WorkerEnded of(DeathCertificate certificate, boolean expected, long nanos) {
      return new WorkerEnded(certificate, expected, nanos);
    }

    /** Returns what is known about the worker's end. */
    public DeathCertificate certificate() {
      return certificate;
    }

    /** Returns whether the pool asked the worker to end. */
    public boolean expected() {
      return expected;
    }

    @Override
    public long nanos() {
      return nanos;
    }

    private Parts parts() {
      return new Parts("certificate, expected, nanos", certificate, expected, nanos);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof WorkerEnded that && parts().equals(that.parts());
    }

    @Override
    public int hashCode() {
      return parts().hashCode();
    }

    @Override
    public String toString() {
      return parts().text("WorkerEnded");
    }
  }
}
