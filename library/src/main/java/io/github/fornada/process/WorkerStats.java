package io.github.fornada.process;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How one worker slot has spent its time, over all the workers that have been in it. Immutable. */
public final class WorkerStats {
  private final String name;
  private final long pid;
  private final int outstanding;
  private final long tasks;
  private final int starts;
  private final int lost;
  private final Duration startingTime;
  private final Duration workingTime;
  private final Duration waitingTime;

  WorkerStats(
      String name,
      long pid,
      int outstanding,
      long tasks,
      int starts,
      int lost,
      Duration startingTime,
      Duration workingTime,
      Duration waitingTime) {
    this.name = name;
    this.pid = pid;
    this.outstanding = outstanding;
    this.tasks = tasks;
    this.starts = starts;
    this.lost = lost;
    this.startingTime = startingTime;
    this.workingTime = workingTime;
    this.waitingTime = waitingTime;
  }

  /** Returns the name of the slot, such as {@code worker-1}. */
  public String name() {
    return name;
  }

  /** Returns the process id of the worker now in this slot; 0 if there is none. */
  public long pid() {
    return pid;
  }

  /** Returns how many items were sent to the slot's worker and have no outcome yet. */
  public int outstanding() {
    return outstanding;
  }

  /** Returns how many items the slot's workers have finished. */
  public long tasks() {
    return tasks;
  }

  /** Returns how many workers were started in this slot. */
  public int starts() {
    return starts;
  }

  /** Returns how many of these workers died without being asked to end. */
  public int lost() {
    return lost;
  }

  /** Returns the time spent starting. */
  public Duration startingTime() {
    return startingTime;
  }

  /** Returns the time spent running tasks. */
  public Duration workingTime() {
    return workingTime;
  }

  /** Returns the time spent ready without a task. */
  public Duration waitingTime() {
    return waitingTime;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WorkerStats that
        && name.equals(that.name)
        && pid == that.pid
        && outstanding == that.outstanding
        && tasks == that.tasks
        && starts == that.starts
        && lost == that.lost
        && startingTime.equals(that.startingTime)
        && workingTime.equals(that.workingTime)
        && waitingTime.equals(that.waitingTime);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        name, pid, outstanding, tasks, starts, lost, startingTime, workingTime, waitingTime);
  }

  @Override
  public String toString() {
    return "WorkerStats[name="
        + name
        + ", pid="
        + pid
        + ", outstanding="
        + outstanding
        + ", tasks="
        + tasks
        + ", starts="
        + starts
        + ", lost="
        + lost
        + ", startingTime="
        + startingTime
        + ", workingTime="
        + workingTime
        + ", waitingTime="
        + waitingTime
        + "]";
  }
}
