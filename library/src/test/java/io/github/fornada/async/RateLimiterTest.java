package io.github.fornada.async;

import static io.github.fornada.async.Threads.start;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Waiting;
import io.github.fornada.async.Threads.Running;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(240)
final class RateLimiterTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** Checks that no stretch of time has more than burst + time * calls / period calls. */
  private static void isWithinBound(List<Long> times, int calls, Duration period, int burst) {
    BigInteger nanos = BigInteger.valueOf(period.toNanos());
    for (int from = 0; from < times.size(); from++) {
      for (int to = from; to < times.size(); to++) {
        long stretch = times.get(to) - times.get(from);
        long most =
            BigInteger.valueOf(stretch)
                    .multiply(BigInteger.valueOf(calls))
                    .divide(nanos)
                    .longValueExact()
                + burst;
        assertThat((long) to - from + 1)
            .as("calls from number %s to number %s, in %s ns", from, to, stretch)
            .isLessThanOrEqualTo(most);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "50, 1, 1",
    "50, 1, 5",
    "3, 1, 1",
    "3, 1, 3",
    "7, 60, 4",
    "1000000, 1, 100",
    "1, 1, 1"
  })
  void noStretchOfTimeHasMoreCallsThanTheBound(int calls, int seconds, int burst) throws Exception {
    var ticker = ManualTicker.jumping();
    Duration period = Duration.ofSeconds(seconds);
    RateLimiter rate = RateLimiter.of(calls, period, ticker).withBurst(burst);
    var random = new Random(calls * 31L + burst);
    var times = new ArrayList<Long>();
    for (int i = 0; i < 600; i++) {
      if (random.nextInt(10) == 0) { // a rest of up to three bursts
        double rest = random.nextDouble() * 3 * burst * period.toNanos() / calls;
        ticker.advance(Duration.ofNanos((long) rest));
      }
      ticker.setLateness(Duration.ofNanos(random.nextLong(period.toNanos() / calls)));
      rate.acquire();
      times.add(ticker.nanos());
    }
    isWithinBound(times, calls, period, burst);
  }

  @ParameterizedTest
  @CsvSource({"3, 2", "50, 2", "7, 3", "999983, 40"})
  void threadsThatWakeLateAndFractionsOfANanosecondMakeNoDrift(int calls, int burst)
      throws Exception {
    var ticker = ManualTicker.jumping();
    RateLimiter rate = RateLimiter.of(calls, SECOND, ticker).withBurst(burst);
    ticker.setLateness(Duration.ofNanos(SECOND.toNanos() / calls / 2));
    for (int i = 0; i < burst; i++) {
      rate.acquire();
    }
    long began = ticker.nanos();
    for (int i = 0; i < 100 * calls && i < 1_000_000; i++) {
      rate.acquire();
    }
    int rounds = Math.min(100 * calls, 1_000_000);
    double seconds = (ticker.nanos() - began) / 1e9;
    double ideal = (double) rounds / calls;
    assertThat(seconds).isBetween(ideal - 1e-6, ideal + 1.0 / calls);
  }

  @Test
  void afterARestTheBurstIsThereAtOnceAndThenOneByOne() throws Exception {
    var ticker = ManualTicker.jumping();
    RateLimiter rate = RateLimiter.of(3, SECOND, ticker).withBurst(3);
    for (int round = 0; round < 5; round++) {
      assertThat(rate.tryAcquire()).isTrue();
      assertThat(rate.tryAcquire()).isTrue();
      assertThat(rate.tryAcquire()).isTrue();
      assertThat(rate.tryAcquire()).as("a fourth").isFalse();
      ticker.advance(Duration.ofMillis(334));
      assertThat(rate.tryAcquire()).as("one interval later").isTrue();
      assertThat(rate.tryAcquire()).isFalse();
      ticker.advance(Duration.ofSeconds(100)); // no more than the burst is saved up
    }
  }

  @Test
  void theBurstIsTwentyMillisecondsWorthUnlessOneSaysOtherwise() {
    assertThat(RateLimiter.perSecond(50)).hasToString("RateLimiter[50 calls in PT1S, burst 2]");
    assertThat(RateLimiter.perSecond(1)).hasToString("RateLimiter[1 calls in PT1S, burst 1]");
    assertThat(RateLimiter.perMinute(60_000))
        .hasToString("RateLimiter[60000 calls in PT1M, burst 21]");
    assertThat(RateLimiter.perSecond(50).withBurst(7))
        .hasToString("RateLimiter[50 calls in PT1S, burst 7]");
  }

  @Test
  void thoseWhoWaitGoOneByOneInTheOrderInWhichTheyCame() throws Exception {
    var ticker = ManualTicker.standing();
    RateLimiter rate = RateLimiter.of(10, SECOND, ticker).withBurst(1);
    rate.acquire();
    var order = new ConcurrentLinkedQueue<Integer>();
    var all = new ArrayList<Running<Boolean>>();
    for (int i = 0; i < 10; i++) {
      int number = i;
      all.add(start(() -> rate.call(() -> order.add(number))));
      Waiting.until("in line", () -> rate.waiting() == number + 1);
    }
    for (int i = 0; i < 10; i++) {
      ticker.awaitParked(10 - i);
      ticker.advance(Duration.ofMillis(99));
      assertThat(rate.waiting()).as("not before its time").isEqualTo(10 - i);
      ticker.awaitParked(10 - i);
      ticker.advance(Duration.ofMillis(1));
      assertThat(all.get(i).result()).isTrue();
    }
    assertThat(order).containsExactlyElementsOf(IntStream.range(0, 10).boxed().toList());
  }

  @Test
  void theTurnOfOneWhoIsInterruptedGoesToTheNext() throws Exception {
    var ticker = ManualTicker.standing();
    RateLimiter rate = RateLimiter.of(1, SECOND, ticker);
    rate.acquire();
    var all = new ArrayList<Running<String>>();
    for (int i = 0; i < 4; i++) {
      int number = i;
      all.add(start(() -> rate.call(() -> "turn of " + number)));
      Waiting.until("in line", () -> rate.waiting() == number + 1);
    }
    ticker.awaitParked(4);
    all.get(0).interrupt(); // the thread that waits for the time
    all.get(2).interrupt();
    assertThat(all.get(0).failure()).isInstanceOf(InterruptedException.class);
    assertThat(all.get(2).failure()).isInstanceOf(InterruptedException.class);
    ticker.awaitParked(2);
    ticker.advance(SECOND);
    assertThat(all.get(1).result()).isEqualTo("turn of 1");
    ticker.awaitParked(1);
    ticker.advance(SECOND);
    assertThat(all.get(3).result()).isEqualTo("turn of 3");
  }

  @Test
  void whoComesInterruptedTakesNoTurn() throws Exception {
    var ticker = ManualTicker.standing();
    RateLimiter rate = RateLimiter.of(1, SECOND, ticker);
    var caller =
        start(() -> {
          Thread.currentThread().interrupt();
          return rate.call(() -> "never");
        });
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
    assertThat(rate.tryAcquire()).as("the turn is still there").isTrue();
  }

  @Test
  void whoWaitsOnlySoLongLeavesTheLineThen() throws Exception {
    var ticker = ManualTicker.standing();
    RateLimiter rate = RateLimiter.of(1, SECOND, ticker);
    rate.acquire();
    assertThat(rate.tryAcquire(Duration.ZERO)).isFalse();
    var waiting = start(() -> rate.tryAcquire(Duration.ofMillis(400)));
    ticker.awaitParked(1);
    ticker.advance(Duration.ofMillis(400));
    assertThat(waiting.result()).isFalse();
    assertThat(rate.waiting()).isZero();
    var patient = start(() -> rate.tryAcquire(Duration.ofMillis(600)));
    ticker.awaitParked(1);
    ticker.advance(Duration.ofMillis(600));
    assertThat(patient.result()).isTrue();
  }

  @Test
  void aStormOfInterruptsLeavesNobodyWaitingForEver() throws Exception {
    RateLimiter rate = RateLimiter.of(1_000_000, SECOND).withBurst(1);
    for (int round = 0; round < 40; round++) {
      var callers = new ArrayList<Running<Integer>>();
      for (int i = 0; i < 200; i++) {
        callers.add(start(() -> rate.call(() -> 1)));
      }
      callers.subList(0, 150).forEach(Running::interrupt);
      for (Running<Integer> each : callers.subList(150, 200)) {
        assertThat(each.result()).isEqualTo(1);
      }
      for (Running<Integer> each : callers) {
        each.thread().join();
      }
      assertThat(rate.waiting()).isZero();
    }
  }

  @Test
  void whatIsOutOfBoundsIsRefused() {
    assertThatThrownBy(() -> RateLimiter.perSecond(0))
        .hasMessage("calls must be at least 1, got 0");
    assertThatThrownBy(() -> RateLimiter.of(1, Duration.ZERO))
        .hasMessage("period must be positive, got PT0S");
    assertThatThrownBy(() -> RateLimiter.perSecond(1).withBurst(0))
        .hasMessage("burst must be at least 1, got 0");
  }

  @Test
  void extremesDoNotOverflow() throws Exception {
    RateLimiter slow = RateLimiter.of(1, Duration.ofDays(100_000_000)).withBurst(Integer.MAX_VALUE);
    assertThat(slow.tryAcquire()).isTrue();
    assertThat(slow.tryAcquire()).isTrue();
    RateLimiter fast = RateLimiter.of(Integer.MAX_VALUE, Duration.ofNanos(1));
    for (int i = 0; i < 1_000; i++) {
      fast.acquire();
    }
  }

  @Test
  void anyNegativeTimeIsNoTimeToWait() throws Exception {
    var ages = Duration.ofSeconds(Long.MIN_VALUE);
    var rate = RateLimiter.of(1, Duration.ofDays(1));
    assertThat(rate.tryAcquire(ages)).isTrue();
    assertThat(rate.tryAcquire(ages)).isFalse();
  }
}
