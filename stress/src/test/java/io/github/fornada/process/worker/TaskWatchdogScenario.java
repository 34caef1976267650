package io.github.fornada.process.worker;

import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.WorkerConfig;
import io.github.fornada.stress.Explorer;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Item 0 of two is cancelled: the interrupt must not reach item 1, and must not be missed. */
public final class TaskWatchdogScenario implements Explorer.Scenario {
  private final ByteBuffer header = ByteBuffer.allocate(4096);
  private final ClaimWord claims = new ClaimWord(header);
  private final TaskWatchdog watch =
      new TaskWatchdog(
          null, claims, new WorkerConfig(1, null, null, null, -1, 0, "64m", null, null));
  private volatile boolean cancelled;
  private @Nullable String wrong;

  @Override
  public List<Runnable> threads() {
    return List.of(this::work, this::cancel);
  }

  private void work() {
    watch.watches(Thread.currentThread());
    boolean runs = begin(0);
    Explorer.step();
    boolean late = cancelled;
    TaskWatchdog.Stop stop = watch.end(0);
    if (late && runs && stop == null) {
      wrong = "the cancel of item 0 was missed";
    }
    if (!begin(1)) {
      wrong = "item 1 was taken for cancelled";
    }
    Explorer.step();
    if (Thread.currentThread().isInterrupted()) {
      wrong = "the interrupt of item 0 reached item 1";
    }
    if (watch.end(1) != null) {
      wrong = "item 1 ends as stopped";
    }
  }

  private boolean begin(long ticket) {
    watch.begin(ticket, System.nanoTime());
    if (!claims.claim(ticket)) {
      wrong = "nobody takes it back";
    }
    return watch.isWanted(ticket);
  }

  private void cancel() {
    Explorer.step(); // the task thread is known here, before any cancel
    watch.cancel(0);
    cancelled = true;
  }

  @Override
  public void check() {
    if (wrong != null) {
      throw new AssertionError(wrong);
    }
  }
}
