package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A thread waits twice with a limit, and nobody rings but the alarm. */
public final class AlarmScenario implements Explorer.Scenario {
  private static final long LIMIT_NANOS = 5;

  private final AtomicBoolean open = new AtomicBoolean(true);
  private final AtomicBoolean rung = new AtomicBoolean();
  private volatile @Nullable Thread listener;

  private final Alarm alarm =
      new Alarm() {
        @Override
        void ring() {
          rung.set(true);
          LockSupport.unpark(listener);
        }

        @Override
        boolean isOpen() {
          return open.get();
        }

        @Override
        void start() {} // it runs from the beginning
      };

  @Override
  public List<Runnable> threads() {
    return List.of(this::listen, alarm::watch);
  }

  private void listen() {
    listener = Thread.currentThread();
    for (int i = 0; i < 2; i++) {
      alarm.set(LIMIT_NANOS);
      while (!rung.compareAndSet(true, false)) {
        LockSupport.park(this);
      }
      alarm.clear();
    }
    open.set(false);
    alarm.wake();
  }

  @Override
  public void check() {}
}
