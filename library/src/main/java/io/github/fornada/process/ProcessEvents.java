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
 * What a Flight Recorder sees of worker processes; of tasks the front door tells it. Without
 * stacks, and nothing while none records.
 *
 * <p>No event class is touched before there is a recorder: the first one would set up all of the
 * recorder's own machinery, some 130 ms of the time until a first result.
 */
final class ProcessEvents {
  /** A runtime image need not have the recorder: then there is nothing to tell it. */
  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private ProcessEvents() {}

  private static boolean isRecording() {
    return PRESENT && FlightRecorder.isInitialized();
  }

  /** A worker that has become ready. */
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

  /** A worker that is gone. */
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
