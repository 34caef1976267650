package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskPolicy;
import io.github.fornada.stress.Explorer;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

/**
 * A stream hands over an item while its pool is shut down, and another thread asks whether all is
 * done: an item that was accepted is seen to before the pool is quiet.
 */
public final class QuietScenario implements Explorer.Scenario {
  private final ManualPool pool = new ManualPool(TaskPolicy.DEFAULT);
  private final StreamRun<Integer, Integer, Outcome<Integer>> run =
      new StreamRun<>(pool, i -> i, null, true, true, (index, item, outcome) -> outcome);
  private boolean accepted;

  public QuietScenario() {
    var _ = run.push(0); // the pool knows of the stream
    runAll();
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::push, pool::shutdownUnasked, this::ask);
  }

  private void push() {
    try {
      var _ = run.push(0);
      accepted = true;
    } catch (RejectedExecutionException e) {
      // It came after the shutdown.
    }
  }

  private void ask() {
    if (pool.isShutdown()) {
      pool.checkQuiet();
    }
  }

  @Override
  public void check() {
    if (accepted && pool.quiet() > 0) {
      throw new AssertionError("quiet, and an item that was accepted has not run");
    }
    runAll();
    if (pool.quiet() != 1) {
      throw new AssertionError("quiet " + pool.quiet() + " times");
    }
  }

  private void runAll() {
    Batch<?, ?> batch = pool.take(1, null);
    while (batch != null) {
      ManualPool.run(batch);
      batch = pool.take(1, batch);
    }
  }
}
