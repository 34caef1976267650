package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The figures of a worker's slot, read while workers come and go. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SideBySide
final class StatsRecorderTest {
  private static final int WORKERS = 3_000_000;

  @Test
  void noWorkerWasThereForLongerThanItsSlot() throws InterruptedException {
    var stats = new StatsRecorder("worker-1");
    var begun = new CountDownLatch(1);
    long began = System.nanoTime();
    Thread slot =
        Thread.ofPlatform()
            .start(() -> {
              begun.countDown();
              for (int i = 0; i < WORKERS; i++) {
                stats.started(0);
                stats.ended(true);
              }
            });
    begun.await();
    Duration longest = Duration.ZERO;
    while (slot.isAlive()) {
      Duration waiting = stats.snapshot(null, 0).waitingTime();
      longest = waiting.compareTo(longest) > 0 ? waiting : longest;
    }
    slot.join();
    assertThat(longest).isLessThanOrEqualTo(Duration.ofNanos(System.nanoTime() - began));
    assertThat(stats.snapshot(null, 0).starts()).isEqualTo(WORKERS);
  }
}
