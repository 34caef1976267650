package io.github.fornada.process;

import io.github.fornada.stress.Explorer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Item 1 of two is cancelled: the interrupt must not reach item 2, and must not be missed. */
public final class WatchScenario implements Explorer.Scenario {
  private final Watch watch =
      new Watch(null, new WorkerConfig(null, null, -1, 0, "64m", null, null));
  private volatile boolean cancelled;
  private @Nullable String wrong;

  @Override
  public List<Runnable> threads() {
    return List.of(this::work, this::cancel);
  }

  private void work() {
    watch.watches(Thread.currentThread());
    boolean runs = watch.begin(1, System.nanoTime());
    Explorer.step();
    boolean late = cancelled;
    Watch.Stop stop = watch.end(1);
    if (late && runs && stop == null) {
      wrong = "the cancel of item 1 was missed";
    }
    if (!watch.begin(2, System.nanoTime())) {
      wrong = "item 2 was taken for cancelled";
    }
    Explorer.step();
    if (Thread.currentThread().isInterrupted()) {
      wrong = "the interrupt of item 1 reached item 2";
    }
    if (watch.end(2) != null) {
      wrong = "item 2 ends as stopped";
    }
  }

  private void cancel() {
    Explorer.step(); // when the task thread is known, which is before any cancel
    watch.cancel(1);
    cancelled = true;
  }

  @Override
  public void check() {
    if (wrong != null) {
      throw new AssertionError(wrong);
    }
  }
}
