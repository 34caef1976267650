package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskPolicy;
import io.github.fornada.stress.Explorer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Two threads end the two items of a batch; its end is told once. */
public final class BatchScenario implements Explorer.Scenario {
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();
  private final Batch<Integer, Integer> batch =
      new Batch<>(
          new Counting(new ManualPool(TaskPolicy.DEFAULT)),
          i -> i,
          new @Nullable Object[] {0, 1},
          0,
          2,
          0,
          0,
          1);

  private final class Counting extends Sink<Integer, Integer> {
    Counting(AbstractPool pool) {
      super(pool);
    }

    @Override
    void done(Batch<Integer, Integer> of, int i, Integer value) {
      done.incrementAndGet();
    }

    @Override
    void ended(Batch<Integer, Integer> of, int i, Outcome<Integer> outcome) {
      throw new AssertionError(outcome);
    }

    @Override
    void closed(Batch<Integer, Integer> of) {
      closed.incrementAndGet();
    }

    @Override
    void stop(String reason) {}

    @Override
    boolean isStopped() {
      return false;
    }

    @Override
    void retry(Batch<Integer, Integer> of, int i) {}
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::work, this::work);
  }

  private void work() {
    int i = batch.claim();
    if (i >= 0) {
      batch.done(i, i, null);
    }
  }

  @Override
  public void check() {
    if (done.get() != 2 || closed.get() != 1) {
      throw new AssertionError(done + " of 2 items done, and the end told " + closed + " times");
    }
  }
}
