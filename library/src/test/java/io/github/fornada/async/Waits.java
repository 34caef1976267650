package io.github.fornada.async;

import io.github.fornada.Waiting;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Threads of tests, and waiting for them. */
final class Waits {
  /** The deadline for events that take milliseconds when all is well. */
  static final Duration DEADLINE = Duration.ofSeconds(30);

  private Waits() {}

  /** Something that runs in a thread of its own. */
  static final class Running<T> {
    final Thread thread;
    private final FutureTask<T> task;

    private Running(Thread thread, FutureTask<T> task) {
      this.thread = thread;
      this.task = task;
    }

    T get() throws Exception {
      try {
        return task.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof Exception cause) {
          throw cause;
        }
        throw e;
      } catch (TimeoutException e) {
        var late = new AssertionError("still running after " + DEADLINE);
        late.setStackTrace(thread.getStackTrace());
        throw late;
      }
    }

    Running<T> untilItWaits() {
      Waiting.until("the thread waits", () -> isWaiting(thread));
      return this;
    }
  }

  static boolean isWaiting(Thread thread) {
    Thread.State state = thread.getState();
    return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
  }

  static <T> Running<T> start(Callable<T> body) {
    var task = new FutureTask<>(body);
    return new Running<>(Thread.ofVirtual().start(task), task);
  }

  static <T> Running<T> startPlatform(Callable<T> body) {
    var task = new FutureTask<>(body);
    return new Running<>(Thread.ofPlatform().daemon().start(task), task);
  }
}
