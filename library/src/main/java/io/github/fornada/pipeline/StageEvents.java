package io.github.fornada.pipeline;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Percentage;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** What a Flight Recorder sees of pipelines; no event class is touched before there is one. */
final class StageEvents {
  /** A runtime image need not have the recorder: then there is nothing to tell it. */
  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private StageEvents() {}

  /** The figures of a stage so far: every second, and at the end of the run. */
  @Name("fornada.Stage")
  @Label("Fornada Stage")
  @Category("Fornada")
  @Description("The figures of a stage of a pipeline so far: every second, and at the end")
  @StackTrace(false)
  static final class Stage extends Event {
    @Label("Stage")
    String stage = "";

    @Label("Model")
    @Description("What its pool runs tasks on")
    String model = "";

    @Label("Size")
    @Description("The workers of its pool")
    int size;

    @Label("Items")
    @Description("Items that were given to workers")
    long items;

    @Label("Results")
    long results;

    @Label("Failed")
    @Description("Items that ended without a result")
    long failed;

    @Label("Busy")
    @Percentage
    double busy;

    @Label("Restarting")
    @Description("Worker JVMs were replaced, and could run nothing meanwhile")
    @Percentage
    double restarting;

    @Label("Restarts")
    @Description("Worker JVMs that have replaced others")
    long restarts;

    @Label("Waits For Input")
    @Percentage
    double waitsForInput;

    @Label("Waits For Room")
    @Percentage
    double waitsForRoom;

    @Label("Mean Time")
    @Description("The mean time of an item in a worker")
    @Timespan(Timespan.NANOSECONDS)
    long meanNanos;

    @Label("Queued")
    @Description("Items that wait for the stage")
    int queued;
  }

  static void tell(PipelineSummary summary) {
    if (!PRESENT || !FlightRecorder.isInitialized() || !new Stage().isEnabled()) {
      return;
    }
    for (StageSummary stage : summary.stages()) {
      var event = new Stage();
      event.stage = stage.name();
      event.model = stage.model();
      event.size = stage.size();
      event.items = stage.taken();
      event.results = stage.results();
      event.failed = stage.failed();
      event.busy = stage.busy();
      event.restarting = stage.restarting();
      event.restarts = stage.restarts();
      event.waitsForInput = stage.waitsForInput();
      event.waitsForRoom = stage.waitsForRoom();
      event.meanNanos = stage.meanTime().toNanos();
      event.queued = stage.queued();
      event.commit();
    }
  }
}
