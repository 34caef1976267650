package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Waits of a task in a {@link ForkJoinPool} with one thread, for a later task of the same pool: as
 * in the common pool of a machine with two processors.
 */
@Timeout(240)
final class ParkingTest {
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  /** What ends the wait of the first task. */
  private interface Release {
    void run() throws Exception;
  }

  private static <T> T waitsFor(Callable<T> wait, Release release) throws Exception {
    try (var pool = new ForkJoinPool(1)) {
      var began = new CountDownLatch(1);
      var first =
          pool.submit(() -> {
            began.countDown();
            return wait.call();
          });
      assertThat(began.await(DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      var second =
          pool.submit(() -> {
            release.run();
            return true;
          });
      try {
        assertThat(second.get(DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return first.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
      } finally {
        first.cancel(true);
        pool.shutdownNow();
      }
    }
  }

  @Test
  void aReceiveLetsThePoolRunTheSender() throws Exception {
    Channel<Integer> channel = Channel.bounded(1);
    assertThat(waitsFor(channel::receive, () -> channel.send(5))).isEqualTo(5);
  }

  @Test
  void aReceiveWithALimitLetsThePoolRunTheSender() throws Exception {
    Channel<Integer> channel = Channel.bounded(1);
    assertThat(waitsFor(() -> channel.tryReceive(DEADLINE), () -> channel.send(5))).isEqualTo(5);
  }

  @Test
  void aSelectLetsThePoolRunTheSender() throws Exception {
    Channel<Integer> left = Channel.bounded(1);
    Channel<Integer> right = Channel.bounded(1);
    Callable<Integer> wait =
        () -> Select.<Integer>of().receive(left, x -> x).receive(right, x -> x).await();
    assertThat(waitsFor(wait, () -> right.send(6))).isEqualTo(6);
  }

  @Test
  void aWaitForAPermitLetsThePoolRunWhoHasIt() throws Exception {
    var limiter = ConcurrencyLimiter.atMost(1);
    ConcurrencyLimiter.Permit permit = limiter.acquire();
    Callable<Integer> wait =
        () -> {
          try (var _ = limiter.acquire()) {
            return 7;
          }
        };
    assertThat(waitsFor(wait, permit::close)).isEqualTo(7);
  }

  @Test
  void aScopeThatWaitsForItsTasksLetsThePoolRunWhatTheyWaitFor() throws Exception {
    var latch = new CountDownLatch(1);
    Callable<Integer> wait =
        () ->
            Async.gather(
                    List.<Callable<Integer>>of(() -> {
                      latch.await();
                      return 8;
                    }))
                .getFirst();
    assertThat(waitsFor(wait, latch::countDown)).isEqualTo(8);
  }
}
