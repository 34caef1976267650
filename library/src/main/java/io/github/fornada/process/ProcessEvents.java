package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * The Flight Recorder events for worker processes; package {@code spi} has those for tasks. The
 * events have no stacks, and none are made while no recording runs.
 *
 * <p>No event class is used before there is a recorder: the first use would initialize the whole
 * Flight Recorder, which adds about 130 ms to the time until a first result.
 */
final class ProcessEvents {
  /** A runtime image need not contain Flight Recorder; then no events are made. */
  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private ProcessEvents() {}

  private static boolean isRecording() {
    return PRESENT && FlightRecorder.isInitialized();
  }

  /** The event of a worker that has become ready. */
  @Name("fornada.WorkerStart")
  @Label("Fornada Worker Start")
  @Category("Fornada")
  @StackTrace(false)
  static final class WorkerStart extends Event {
    @Label("Process Id")
    long pid;

    @Label("Start-up Time")
    @Timespan(Timespan.NANOSECONDS)
    long startupNanos;
  }

  /** The event of a worker that is gone. */
  @Name("fornada.WorkerEnd")
  @Label("Fornada Worker End")
  @Category("Fornada")
  @StackTrace(false)
  static final class WorkerEnd extends Event {
    @Label("Worker")
    String worker = "";

    @Label("Process Id")
    long pid;

    @Label("Exit Code")
    int exitCode;

    @Label("Expected")
    boolean expected;
  }

  static void workerStarted(long pid, long startupNanos) {
    if (!isRecording()) {
      return;
    }
    var event = new WorkerStart();
    event.pid = pid;
    event.startupNanos = startupNanos;
    event.commit();
  }

  static void workerEnded(DeathCertificate death, boolean expected) {
    if (!isRecording()) {
      return;
    }
    var event = new WorkerEnd();
    event.worker = death.worker();
    event.pid = death.pid();
    event.exitCode = death.exitCode();
    event.expected = expected;
    event.commit();
  }
}
