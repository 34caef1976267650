package io.github.fornada.spi;

import io.github.fornada.TaskPolicy;
import io.github.fornada.stress.Explorer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A task maps over its own pool: it runs what waits itself, and sleeps while a worker has one. */
public final class MapRunScenario implements Explorer.Scenario {
  private final ManualPool pool = new ManualPool(TaskPolicy.DEFAULT);

  /** What the function writes, one for each item, and the caller reads when all are done. */
  private final List<Object> written = List.of(new Object(), new Object());

  private int ran;
  private volatile boolean over;
  private @Nullable List<Integer> results;

  @Override
  public List<Runnable> threads() {
    return List.of(this::call, this::work);
  }

  private void call() {
    pool.helps(Thread.currentThread());
    try {
      results =
          pool.map(
              List.of(0, 1),
              i -> {
                Explorer.writes(written.get(i));
                ran++;
                return i + 10;
              });
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    written.forEach(Explorer::reads);
    over = true;
  }

  private void work() {
    Explorer.await(() -> over || pool.wasCalled());
    Batch<?, ?> batch = pool.take(1, null);
    if (batch != null) {
      Explorer.await(() -> ran > 0); // by the caller, which then sleeps or is about to
      ManualPool.run(batch);
      pool.hasDone(batch);
    }
  }

  @Override
  public void check() {
    if (!List.of(10, 11).equals(results)) {
      throw new AssertionError("results " + results);
    }
  }
}
