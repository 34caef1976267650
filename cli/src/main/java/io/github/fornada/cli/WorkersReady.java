package io.github.fornada.cli;

import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.timeline.Timeline;
import org.jspecify.annotations.Nullable;

/**
 * Begins the clock of a run anew when its first worker process is ready. What came before is the
 * start, which is told apart from the wall time: as {@code compare} tells it, whose rounds begin
 * with all workers ready.
 */
final class WorkersReady implements TaskListener {
  private final Meter meter;
  private final @Nullable Timeline timeline;

  /** Guarded by this. */
  private boolean ready;

  /** Creates a listener that must be one of the pool's, before any other one that measures. */
  WorkersReady(Meter meter, @Nullable Timeline timeline) {
    this.meter = meter;
    this.timeline = timeline;
  }

  @Override
  public void onEvent(TaskEvent event) {
    // Called before the worker gets its first item, and so before any item of the run has ended.
    if (event instanceof TaskEvent.WorkerReady) {
      began();
    }
  }

  private synchronized void began() {
    if (ready) {
      return;
    }
    ready = true;
    long nanos = meter.restart();
    if (timeline != null) {
      timeline.begin(nanos);
    }
  }
}
