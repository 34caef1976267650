package io.github.fornada.process;

import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.Future;

/**
 * What is to be done for one worker after some time, such as after a timeout. When the worker is
 * gone the timer lets go of it: a timeout may be long, and until then the timer would keep the
 * pool, and the application it is a part of, in memory.
 */
final class WorkerTimers implements AutoCloseable {
  private static final int FEW = 16;

  // All guarded by this.
  private final ArrayList<Future<?>> pending = new ArrayList<>(FEW);
  private int next = FEW;
  private boolean closed;

  /**
   * Runs {@code action} after {@code pause}, unless this is closed before; waits for a heap without
   * room.
   */
  void after(Duration pause, Runnable action) {
    while (true) {
      try {
        tryAfter(pause, action);
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  /**
   * As {@link #after}, but does not wait: under locks nobody may.
   *
   * @throws OutOfMemoryError if the heap has no room; nothing will run then
   */
  synchronized void tryAfter(Duration pause, Runnable action) {
    if (closed) {
      return;
    }
    if (pending.size() >= next) {
      pending.removeIf(Future::isDone);
      next = Math.max(FEW, 2 * pending.size());
    }
    pending.ensureCapacity(pending.size() + 1);
    pending.add(Timer.tryAfter(pause, action));
  }

  @Override
  public synchronized void close() {
    closed = true;
    pending.forEach(action -> action.cancel(false));
    pending.clear();
  }
}
