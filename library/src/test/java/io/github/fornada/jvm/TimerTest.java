package io.github.fornada.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Waiting;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TimerTest {
  @Test
  void itsThreadEndsWhenNoPoolHoldsItAndNothingIsLeftToWaitFor() throws Exception {
    ScheduledThreadPoolExecutor timer = Timer.executor(Duration.ofMillis(20));
    try {
      var pool = Timer.hold(timer);
      var other = Timer.hold(timer);
      pool.cancel(false);
      var passed = new CountDownLatch(1);
      var _ = timer.schedule(passed::countDown, 200, TimeUnit.MILLISECONDS);
      assertThat(passed.await(1, TimeUnit.MINUTES)).isTrue();
      assertThat(timer.getPoolSize()).as("threads after ten idle times, held by a pool").isOne();
      other.cancel(false);
      Waiting.until("the thread has ended", () -> timer.getPoolSize() == 0);
      var again = new CountDownLatch(1);
      var _ = timer.schedule(again::countDown, 1, TimeUnit.MILLISECONDS);
      assertThat(again.await(1, TimeUnit.MINUTES)).as("it starts again").isTrue();
    } finally {
      timer.shutdownNow();
    }
  }
}
