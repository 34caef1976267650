package io.github.fornada.spi;

import io.github.fornada.TaskPolicy;
import io.github.fornada.stress.Explorer;
import java.util.List;

/**
 * A call is stopped while a worker gives one of its items back and runs another, which never ends:
 * what was not begun is cancelled, what was is stopped, and the pool gets quiet.
 */
public final class StopScenario implements Explorer.Scenario {
  private final ManualPool pool = new ManualPool(TaskPolicy.DEFAULT);
  private final MapRun<Integer, Integer> run = new MapRun<>(pool, i -> i, List.of(0, 1));

  public StopScenario() {
    pool.submitAll(run);
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::work, this::stop);
  }

  private void work() {
    Batch<?, ?> batch = pool.take(2, null);
    if (batch == null) {
      return;
    }
    int first = batch.claim();
    int second = batch.claim();
    if (first >= 0 && batch.release(first)) {
      pool.putBack(batch);
    }
    if (second >= 0) {
      pool.runEndless(batch);
      cancelled(batch, second);
    }
    pool.hasDone(batch);
  }

  private static <R> void cancelled(Batch<?, R> batch, int i) {
    batch.end(i, new io.github.fornada.Outcome.Cancelled<>("it was stopped"), null);
  }

  private void stop() {
    run.stop("the scenario's");
  }

  @Override
  public void check() {
    pool.shutdownUnasked();
    if (pool.quiet() != 1) {
      throw new AssertionError("quiet " + pool.quiet() + " times");
    }
  }
}
