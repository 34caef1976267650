package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;

/** Two processes each wait for one of two things that a third puts there, ringing once for each. */
public final class WaitPointScenario implements Explorer.Scenario {
  private final Processes processes = new Processes(3, Region.PAGE);
  private final Object content = new Object();

  @Override
  public List<Runnable> threads() {
    return List.of(() -> take(0), () -> take(1), this::give);
  }

  private void take(int seat) {
    var point = new WaitPoint(processes.region(seat), 1);
    try {
      while (true) {
        boolean _ = point.await(Mutex.FOR_EVER, () -> point.get() > 0);
        long there = point.get();
        if (there > 0 && point.compareAndSet(there, there - 1)) {
          Explorer.reads(content);
          if (there > 1) {
            point.ringOne();
          }
          return;
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void give() {
    var point = new WaitPoint(processes.region(2), 1);
    Explorer.writes(content);
    for (int i = 0; i < 2; i++) {
      long _ = point.getAndAdd(1);
      point.ringOne();
    }
  }

  @Override
  public void check() {}
}
