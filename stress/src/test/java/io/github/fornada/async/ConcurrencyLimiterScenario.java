package io.github.fornada.async;

import io.github.fornada.stress.Explorer;
import java.util.List;

/** Two threads use a limit of one; one of them is interrupted, at any moment. */
public final class ConcurrencyLimiterScenario implements Explorer.Scenario {
  private final ConcurrencyLimiter limit = ConcurrencyLimiter.atMost(1);
  private volatile Thread victim;
  private int inside;
  private int passed;

  @Override
  public List<Runnable> threads() {
    return List.of(this::first, this::second, this::interrupt);
  }

  private void first() {
    victim = Thread.currentThread();
    try {
      pass();
    } catch (InterruptedException e) {
      passed++;
    }
  }

  private void second() {
    try {
      pass();
    } catch (InterruptedException e) {
      throw new AssertionError("the wrong one was interrupted", e);
    }
  }

  private void pass() throws InterruptedException {
    try (var permit = limit.acquire()) {
      inside++;
      if (inside != 1) {
        throw new AssertionError(inside + " at once");
      }
      Explorer.step();
      inside--;
      passed++;
      assert permit != null;
    }
  }

  private void interrupt() {
    Thread thread = victim;
    if (thread != null) {
      thread.interrupt();
    }
  }

  @Override
  public void check() {
    if (passed != 2 || limit.inUse() != 0 || limit.waiting() != 0) {
      throw new AssertionError(passed + " passed, " + limit);
    }
  }
}
