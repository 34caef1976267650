package io.github.fornada.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.ExecutionModel;
import io.github.fornada.PoolOptions;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.Waiting;
import io.github.fornada.elastic.Sides;
import io.github.fornada.elastic.ThreadSide;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@SideBySide
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ElasticPoolTest {
  /** Opens one without a helper. */
  private static ThreadSide open(PoolOptions options) {
    var watcher = new NoHelper();
    ThreadSide side = Sides.threads().open(options, failure -> false, watcher);
    watcher.pool = side;
    return side;
  }

  /** Where all processors are taken, threads often lose theirs just there. */
  @Test
  void aThreadIsInFlightUntilItsBatchHasEndedAndNotOnlyWithinItems() throws Exception {
    var seen = new CountDownLatch(1);
    TaskListener waits =
        event -> {
          if (event instanceof TaskEvent.Finished) {
            awaitQuietly(seen);
          }
        };
    ThreadSide side = open(PoolOptions.of(2, "elastic").withListener(waits));
    try (var pool = side.pool()) {
      side.runOn(ExecutionModel.PLATFORM_THREADS, 2);
      Future<Integer> one = pool.submit(1, x -> x);
      Future<Integer> other = pool.submit(2, x -> x);
      Waiting.until("both threads are in flight", () -> side.figures().inFlight() == 2);
      Waiting.until(
          "both have run their items",
          () ->
              side.threads(2).size() == 2
                  && side.threads(2).stream()
                      .allMatch(thread -> thread.getState() == Thread.State.WAITING));
      assertThat(side.figures().inFlight()).isEqualTo(2);
      seen.countDown();
      assertThat(one.get() + other.get()).isEqualTo(3);
      Waiting.until("no thread is in flight", () -> side.figures().inFlight() == 0);
    } finally {
      seen.countDown();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
