package io.github.fornada.async;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.Log;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A task that listeners or a recording observe, or that has a timeout. */
final class ObservedChild<T extends @Nullable Object> extends Child<T> {
  private static final AtomicBoolean LISTENER_FAILED = new AtomicBoolean();

  private final @Nullable Duration timeout;
  private final List<TaskListener> listeners;
  private final @Nullable TimelineLanes lanes;
  private final int number;

  /** The item in events for listeners: the purpose; if there is none, which item, or the task. */
  private final Object item;

  // The fields below are used by the task's thread only, once it has begun.
  private @Nullable Future<?> timer;
  private @Nullable String lane;
  private int laneIndex;
  private long startedNanos;
  private ScopeEvents.@Nullable Task event;

  ObservedChild(
      TaskScope<?, ?> scope,
      String purpose,
      Callable<? extends T> around,
      Callable<? extends T> task,
      @Nullable Duration timeout,
      InheritedContext context,
      int number) {
    super(scope, purpose, around);
    this.timeout = timeout;
    this.listeners = context.listeners;
    this.lanes = context.lanes;
    this.number = number;
    this.item =
        !purpose.isEmpty() ? purpose : task instanceof Joiners.OfItem ? task.toString() : task;
    if (!listeners.isEmpty()) {
      publish(TaskEvent.Submitted.of(number, number, item, System.nanoTime()));
    }
  }

  static boolean isWanted(InheritedContext context) {
    return !context.listeners.isEmpty() || ScopeEvents.wantTasks();
  }

  @Override
  void began() {
    if (ScopeEvents.wantTasks()) {
      event = new ScopeEvents.Task();
      event.begin();
    }
    if (lanes != null) {
      startedNanos = System.nanoTime();
      laneIndex = lanes.take(scope.name());
      lane = scope.name() + "-" + (laneIndex + 1);
      publish(TaskEvent.Started.of(number, number, item, lane, 1, startedNanos));
    }
    if (timeout != null) {
      timer = ScopeTimer.ofTask(this, timeout);
    }
  }

  @Override
  void finished() {
    if (timer != null) {
      timer.cancel(false);
    }
    if (event == null && listeners.isEmpty()) {
      return;
    }
    Outcome<T> outcome = settledOutcome();
    if (event != null) {
      event.scope = scope.name();
      event.purpose = purpose();
      event.outcome = outcome.getClass().getSimpleName();
      event.commit();
    }
    if (!listeners.isEmpty()) {
      long now = System.nanoTime();
      TaskUsage usage = null;
      if (lane != null && lanes != null) {
        lanes.free(scope.name(), laneIndex);
        usage = TaskUsage.of(lane, startedNanos, now, TaskUsage.UNKNOWN, TaskUsage.UNKNOWN);
      }
      publish(TaskEvent.Finished.of(number, number, item, 1, true, outcome, usage, now));
    }
  }

  private void publish(TaskEvent what) {
    for (TaskListener listener : listeners) {
      try {
        listener.onEvent(what);
      } catch (Throwable e) {
        if (LISTENER_FAILED.compareAndSet(false, true)) {
          Log.get()
              .log(
                  System.Logger.Level.WARNING,
                  "a task listener failed and is ignored from here on, where it fails: "
                      + listener.getClass().getName(),
                  e);
        }
      }
    }
  }
}
