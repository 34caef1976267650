package io.github.fornada.process;

import io.github.fornada.jvm.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;

/**
 * What is to be done for one worker after some time, such as after a timeout. When the worker is
 * gone the timer lets go of it: a timeout may be long, and until then the timer would keep the
 * pool, and the application it is a part of, in memory.
 */
final class WorkerTimers implements AutoCloseable {
  private static final int FEW = 16;

  // All guarded by this.
  private final List<Future<?>> pending = new ArrayList<>();
  private int next = FEW;
  private boolean closed;

  /** Runs {@code action} after {@code pause}, unless this is closed before. */
  synchronized void after(Duration pause, Runnable action) {
    if (closed) {
      return;
    }
    if (pending.size() >= next) {
      pending.removeIf(Future::isDone);
      next = Math.max(FEW, 2 * pending.size());
    }
    pending.add(Timer.after(pause, action));
  }

  @Override
  public synchronized void close() {
    closed = true;
    pending.forEach(action -> action.cancel(false));
    pending.clear();
  }
}
