package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Two threads of a process wait for what another process puts there, which rings once. */
public class ListenersScenario implements Explorer.Scenario {
  final Ears ears = new Ears();
  private final AtomicBoolean there = new AtomicBoolean();
  private final Object content = new Object();

  /** A ring lasts until a thread that listens takes it, as a byte in a socket does. */
  static final class Ears extends Listeners {
    private final AtomicBoolean rung = new AtomicBoolean();
    private volatile @Nullable Thread listener;

    @Override
    void listen(long nanos) {
      listener = Thread.currentThread();
      while (!rung.compareAndSet(true, false)) {
        LockSupport.park(this);
      }
    }

    @Override
    void endListening() {
      rung.set(true);
      Thread known = listener;
      if (known != null) {
        LockSupport.unpark(known);
      }
    }

    @Override
    boolean isOpen() {
      return true;
    }
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::take, this::take, this::give);
  }

  private void take() {
    ears.add(Thread.currentThread());
    while (!there.get()) {
      ears.await(this, Mutex.FOR_EVER);
    }
    ears.remove(Thread.currentThread());
    Explorer.reads(content);
  }

  private void give() {
    Explorer.writes(content);
    there.set(true);
    ring();
  }

  void ring() {
    ears.endListening();
  }

  @Override
  public void check() {}
}
