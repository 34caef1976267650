package io.github.fornada.spi;

import io.github.fornada.ExecutionModel;
import io.github.fornada.TaskUsage;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * The Flight Recorder events for the tasks of all pools. The events have no stacks, and none are
 * made while no recording runs.
 *
 * <p>No event class is used before there is a recorder: the first use would initialize the whole
 * Flight Recorder, which adds about 130 ms to the time until a first result.
 */
final class FlightEvents {
  /** Flight Recorder's value for an unknown time span. */
  static final long NOT_KNOWN = Long.MIN_VALUE;

  /** A runtime image need not contain Flight Recorder; then no events are made. */
  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private FlightEvents() {}

  private static boolean isRecording() {
    return PRESENT && FlightRecorder.isInitialized();
  }

  /**
   * The event of one attempt at a task that a worker has begun, written when the attempt has ended.
   */
  @Name("fornada.Task")
  @Label("Fornada Task")
  @Category("Fornada")
  @Description("A task that a worker of a pool has run; with retries, each try of it")
  @StackTrace(false)
  static final class Task extends Event {
    @Label("Model")
    @Description("What the pool runs tasks on")
    String model = "";

    @Label("Worker")
    String worker = "";

    @Label("Task")
    @Description("The number of the task, unique in its pool")
    long task;

    @Label("Attempt")
    int attempt;

    @Label("Outcome")
    String outcome = "";

    @Label("Queue Wait")
    @Description("From the submission, or the taking from a source, to the start on a worker")
    @Timespan(Timespan.NANOSECONDS)
    long queueNanos;

    @Label("Run Time")
    @Timespan(Timespan.NANOSECONDS)
    long runNanos;

    @Label("Argument Size")
    @Description("As sent to a worker process; 0 in pools within this JVM")
    @DataAmount
    long bytesIn;
  }

  /** Returns whether a recording wants events of tasks. */
  static boolean wantTasks() {
    return isRecording() && new Task().isEnabled();
  }

  /** Returns the time, or {@link #NOT_KNOWN} where no recording wants events of tasks. */
  static long nowIfWanted() {
    return wantTasks() ? System.nanoTime() : NOT_KNOWN;
  }

  static void ended(
      Batch<?, ?> batch, int i, ExecutionModel model, Class<?> outcome, TaskUsage usage) {
    if (!wantTasks()) {
      return;
    }
    long queued = batch.queuedNanos(i);
    var event = new Task();
    event.model = model.name();
    event.worker = usage.worker();
    event.task = batch.task(i);
    event.attempt = batch.attempt();
    event.outcome = outcome.getSimpleName();
    event.queueNanos = queued == NOT_KNOWN ? NOT_KNOWN : Math.max(0, usage.startedNanos() - queued);
    event.runNanos = usage.endedNanos() - usage.startedNanos();
    event.bytesIn = usage.bytesIn();
    event.commit();
  }
}
