package io.github.fornada.process.worker;

import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.WorkerConfig;
import io.github.fornada.stress.Explorer;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Two items run until they are interrupted: the watching thread must not sleep past the timeout of
 * either.
 */
public final class WatcherScenario implements Explorer.Scenario {
  private static final int LIMIT = 5;

  private final ClaimWord claims = new ClaimWord(ByteBuffer.allocate(4096));
  private final TaskWatchdog watchdog =
      new TaskWatchdog(
          null,
          claims,
          new WorkerConfig(1, null, null, null, LIMIT, Explorer.FOR_EVER * 2, "64m", null, null));
  private volatile boolean watched;
  private volatile @Nullable String wrong;

  @Override
  public List<Runnable> threads() {
    return List.of(this::work, this::watch);
  }

  private void work() {
    watchdog.watches(Thread.currentThread());
    Explorer.await(() -> watched);
    run(0);
    run(1);
  }

  private void run(long ticket) {
    // The time always differs from that of the previous item.
    watchdog.begin(ticket, Explorer.nanoTime() + ticket);
    if (!claims.claim(ticket) || !watchdog.isWanted(ticket)) {
      wrong = "nobody wants it back";
    }
    while (!Thread.currentThread().isInterrupted()) {
      Explorer.park(this);
    }
    TaskWatchdog.Stop stop = watchdog.end(ticket);
    if (stop == null || stop.reason() != TaskWatchdog.Reason.LIMIT || stop.number() != ticket) {
      wrong = "item " + ticket + " ends with " + stop;
    }
  }

  private void watch() {
    Explorer.standsFor(watchdog.watcher());
    watched = true;
    while (true) {
      watchdog.check();
    }
  }

  @Override
  public void check() {
    if (wrong != null) {
      throw new AssertionError(wrong);
    }
  }
}
