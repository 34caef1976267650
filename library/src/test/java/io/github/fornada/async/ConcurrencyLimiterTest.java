package io.github.fornada.async;

import static io.github.fornada.async.Threads.start;
import static io.github.fornada.async.Threads.startOnPlatformThread;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Waiting;
import io.github.fornada.async.Threads.Endless;
import io.github.fornada.async.Threads.Running;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class ConcurrencyLimiterTest {
  private static void isIdle(ConcurrencyLimiter limit) {
    assertThat(limit.inUse()).as("in use").isZero();
    assertThat(limit.waiting()).as("waiting").isZero();
  }

  /** Counts how many are inside at once. */
  private static final class Gauge {
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    int pass(int item) {
      most.accumulateAndGet(inside.incrementAndGet(), Math::max);
      Threads.letOthersRun(); // others come while this one is inside
      inside.decrementAndGet();
      return item;
    }
  }

  @Test
  void ofAHundredThousandCallersNoMoreThanSoManyAreInsideAtOnce() throws Exception {
    var limit = ConcurrencyLimiter.atMost(20);
    var gauge = new Gauge();
    List<Integer> items = IntStream.range(0, 100_000).boxed().toList();
    assertThat(Async.gather(items, limit.wrap(gauge::pass))).isEqualTo(items);
    assertThat(gauge.most.get()).isBetween(2, 20);
    isIdle(limit);
  }

  @Test
  void platformAndVirtualThreadsWaitInOneLine() throws Exception {
    var limit = ConcurrencyLimiter.atMost(1);
    var gauge = new Gauge();
    var all = new ArrayList<Running<Integer>>();
    for (int i = 0; i < 100; i++) {
      int item = i;
      all.add(
          i % 2 == 0
              ? start(() -> limit.call(() -> gauge.pass(item)))
              : startOnPlatformThread(() -> limit.call(() -> gauge.pass(item))));
    }
    for (int i = 0; i < all.size(); i++) {
      assertThat(all.get(i).result()).isEqualTo(i);
    }
    assertThat(gauge.most.get()).isEqualTo(1);
    isIdle(limit);
  }

  @Test
  void placesGoToThoseWhoWaitInTheOrderInWhichTheyCame() throws Exception {
    var limit = ConcurrencyLimiter.atMost(1);
    var order = new ConcurrentLinkedQueue<Integer>();
    var leave = new CountDownLatch(1);
    var all = new ArrayList<Running<Boolean>>();
    ConcurrencyLimiter.Permit first = limit.acquire();
    for (int i = 0; i < 20; i++) {
      int number = i;
      all.add(
          start(() ->
              limit.call(() -> {
                order.add(number);
                leave.await();
                return true;
              })));
      Waiting.until("in line", () -> limit.waiting() == number + 1);
    }
    first.close();
    assertThat(limit.tryAcquire()).as("one who comes now does not overtake").isNull();
    leave.countDown();
    for (Running<Boolean> each : all) {
      each.result();
    }
    assertThat(order).containsExactlyElementsOf(IntStream.range(0, 20).boxed().toList());
  }

  @Test
  void whoIsInterruptedInLineLeavesItAndTheOthersKeepTheirOrder() throws Exception {
    var limit = ConcurrencyLimiter.atMost(1);
    var order = new ConcurrentLinkedQueue<Integer>();
    var all = new ArrayList<Running<Boolean>>();
    ConcurrencyLimiter.Permit first = limit.acquire();
    for (int i = 0; i < 5; i++) {
      int number = i;
      all.add(start(() -> limit.call(() -> order.add(number))));
      Waiting.until("in line", () -> limit.waiting() == number + 1);
    }
    for (int gone : new int[] {2, 0, 4}) {
      all.get(gone).interrupt();
      assertThat(all.get(gone).failure()).isInstanceOf(InterruptedException.class);
    }
    assertThat(limit.waiting()).isEqualTo(2);
    first.close();
    assertThat(all.get(1).result()).isTrue();
    assertThat(all.get(3).result()).isTrue();
    assertThat(order).containsExactly(1, 3);
    isIdle(limit);
  }

  @Test
  void whoComesInterruptedGetsNoPlaceThoughThereIsOne() throws Exception {
    var limit = ConcurrencyLimiter.atMost(1);
    var caller =
        start(() -> {
          Thread.currentThread().interrupt();
          return limit.acquire();
        });
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
    isIdle(limit);
  }

  /**
   * A thread that gets a permit while it is interrupted must pass it on, or all others wait
   * forever.
   */
  @Test
  void aStormOfInterruptsLosesNoPlace() throws Exception {
    var limit = ConcurrencyLimiter.atMost(3);
    var random = new Random(4);
    for (int round = 0; round < 40; round++) {
      var callers = new ArrayList<Running<Integer>>();
      for (int i = 0; i < 200; i++) {
        callers.add(
            start(() ->
                limit.call(() -> {
                  Threads.letOthersRun();
                  return 1;
                })));
      }
      var victims = new ArrayList<>(callers.subList(0, 150));
      Collections.shuffle(victims, random);
      for (Running<Integer> each : victims) {
        each.interrupt();
      }
      for (Running<Integer> each : callers.subList(150, 200)) {
        assertThat(each.result()).isEqualTo(1);
      }
      for (Running<Integer> each : victims) {
        each.thread().join();
      }
      isIdle(limit);
    }
  }

  /** Leaving the queue takes the same time at every position. */
  @Test
  void aHundredThousandWhoWaitCanAllBeInterrupted() throws Exception {
    var limit = ConcurrencyLimiter.atMost(1);
    ConcurrencyLimiter.Permit taken = limit.acquire();
    List<Integer> items = IntStream.range(0, 100_000).boxed().toList();
    var all = start(() -> Async.gather(items, limit.wrap(i -> i)));
    Waiting.until("in line", () -> limit.waiting() == items.size());
    all.interrupt();
    assertThat(all.failure()).isInstanceOf(InterruptedException.class);
    assertThat(limit.waiting()).isZero();
    taken.close();
    isIdle(limit);
  }

  @Test
  void aPlaceIsGivenUpHoweverTheCallEnds() throws Exception {
    var limit = ConcurrencyLimiter.atMost(1);
    assertThatThrownBy(() ->
            limit.call(() -> {
              throw new IOException("planted");
            }))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() ->
            limit.call(() -> {
              throw new StackOverflowError("planted");
            }))
        .isInstanceOf(StackOverflowError.class);
    var endless = new Endless();
    var caller = start(() -> limit.call(endless));
    endless.awaitBegun();
    assertThat(limit.inUse()).isEqualTo(1);
    caller.interrupt();
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
    isIdle(limit);
  }

  @Test
  void aPermitThatIsClosedTwiceGivesUpOnePlace() throws Exception {
    var limit = ConcurrencyLimiter.atMost(2);
    ConcurrencyLimiter.Permit one = limit.acquire();
    ConcurrencyLimiter.Permit other = limit.acquire();
    one.close();
    one.close();
    assertThat(limit.inUse()).isEqualTo(1);
    other.close();
    isIdle(limit);
  }

  @Test
  void aPermitMayBeClosedByAnotherThread() throws Exception {
    var limit = ConcurrencyLimiter.atMost(1);
    ConcurrencyLimiter.Permit permit = limit.acquire();
    var closer =
        start(() -> {
          permit.close();
          return true;
        });
    assertThat(closer.result()).isTrue();
    isIdle(limit);
  }

  @Test
  void toTryIsNotToWait() throws Exception {
    var limit = ConcurrencyLimiter.atMost(1);
    try (ConcurrencyLimiter.Permit permit = limit.tryAcquire()) {
      assertThat(permit).isNotNull();
      assertThat(limit.tryAcquire()).isNull();
      assertThat(limit.tryAcquire(Duration.ZERO)).isNull();
    }
    isIdle(limit);
  }

  @Test
  void whoWaitsOnlySoLongLeavesTheLineThen() throws Exception {
    var ticker = ManualTicker.standing();
    var limit = ConcurrencyLimiter.atMost(1, ticker);
    ConcurrencyLimiter.Permit taken = limit.acquire();
    var waiting = start(() -> limit.tryAcquire(Duration.ofSeconds(5)) == null);
    ticker.awaitParked(1);
    ticker.advance(Duration.ofSeconds(4));
    ticker.awaitParked(1);
    assertThat(limit.waiting()).isEqualTo(1);
    ticker.advance(Duration.ofSeconds(1));
    assertThat(waiting.result()).as("given up").isTrue();
    assertThat(limit.waiting()).isZero();
    taken.close();
    isIdle(limit);
  }

  @Test
  void whoWaitsOnlySoLongGetsAPlaceThatBecomesFreeBefore() throws Exception {
    var ticker = ManualTicker.standing();
    var limit = ConcurrencyLimiter.atMost(1, ticker);
    ConcurrencyLimiter.Permit taken = limit.acquire();
    var waiting =
        start(() -> {
          try (ConcurrencyLimiter.Permit permit = limit.tryAcquire(Duration.ofSeconds(5))) {
            return permit != null;
          }
        });
    ticker.awaitParked(1);
    taken.close();
    assertThat(waiting.result()).isTrue();
    isIdle(limit);
  }

  @Test
  void aLimitOfNoneIsRefused() {
    assertThatThrownBy(() -> ConcurrencyLimiter.atMost(0))
        .hasMessage("permits must be at least 1, got 0");
    assertThatThrownBy(() -> ConcurrencyLimiter.byKey(-1))
        .hasMessage("permits must be at least 1, got -1");
  }

  // ---- by key

  @Test
  void callsOfOneKeyWaitForEachOtherAndNotForThoseOfAnother() throws Exception {
    ConcurrencyLimiter.ByKey<String> limit = ConcurrencyLimiter.byKey(1);
    var inside = new CountDownLatch(1);
    var endless = new Endless();
    var one = start(() -> limit.call("one", endless));
    endless.awaitBegun();
    var alsoOne =
        start(() ->
            limit.call(
                "one",
                () -> {
                  inside.countDown();
                  return "also one";
                }));
    assertThat(start(() -> limit.call("other", () -> "other")).result()).isEqualTo("other");
    assertThat(inside.getCount()).as("the second of the same key is not inside").isEqualTo(1);
    one.interrupt();
    assertThat(alsoOne.result()).isEqualTo("also one");
    assertThat(one.failure()).isInstanceOf(InterruptedException.class);
    Waiting.until("no key is left", () -> limit.keys() == 0);
  }

  @Test
  void noKeyIsKeptAfterAHundredThousand() throws Exception {
    ConcurrencyLimiter.ByKey<Integer> limit = ConcurrencyLimiter.byKey(2);
    List<Integer> items = IntStream.range(0, 100_000).boxed().toList();
    assertThat(Async.gather(items, limit.wrap(i -> i % 30_000, i -> i))).isEqualTo(items);
    assertThat(limit.keys()).isZero();
  }

  @Test
  void noKeyIsKeptAfterFailuresAndInterrupts() throws Exception {
    ConcurrencyLimiter.ByKey<Integer> limit = ConcurrencyLimiter.byKey(1);
    var callers = new ArrayList<Running<Object>>();
    for (int i = 0; i < 1_000; i++) {
      int number = i;
      callers.add(
          start(() ->
              limit
                  .at(number % 7)
                  .call(() -> {
                    Threads.letOthersRun();
                    throw new IOException("planted");
                  })));
    }
    callers.forEach(Running::interrupt);
    for (Running<Object> each : callers) {
      assertThat(each.failure()).isInstanceOfAny(IOException.class, InterruptedException.class);
    }
    assertThat(limit.keys()).isZero();
  }

  @Test
  void anyNegativeTimeIsNoTimeToWait() throws Exception {
    var ages = Duration.ofSeconds(Long.MIN_VALUE);
    var limit = ConcurrencyLimiter.atMost(1);
    assertThat(limit.tryAcquire(ages)).isNotNull();
    assertThat(limit.tryAcquire(ages)).isNull();
  }
}
