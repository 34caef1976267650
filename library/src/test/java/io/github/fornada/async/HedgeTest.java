package io.github.fornada.async;

import static io.github.fornada.async.Threads.start;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Waiting;
import io.github.fornada.async.Threads.Endless;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class HedgeTest {
  private static final Duration DELAY = Duration.ofMillis(80);

  private final ManualTicker ticker = ManualTicker.standing();
  private final Hedge hedge = Hedge.after(DELAY, ticker);
  private final Endless endless = new Endless();
  private final AtomicInteger calls = new AtomicInteger();

  /** The one at its first call, the other at its second. */
  private <R> Callable<R> first(Callable<R> one, Callable<R> other) {
    return () -> calls.incrementAndGet() == 1 ? one.call() : other.call();
  }

  private static String fail(String message) throws IOException {
    throw new IOException(message);
  }

  private void counts(int made, int twice, int bySecond) {
    assertThat(hedge.calls()).as("calls").isEqualTo(made);
    assertThat(hedge.hedged()).as("made twice").isEqualTo(twice);
    assertThat(hedge.won()).as("won by the second").isEqualTo(bySecond);
    assertThat(endless.running.get()).as("still running").isZero();
  }

  @Test
  void whatReturnsInTimeIsCalledOnce() throws Exception {
    assertThat(hedge.call(() -> "only")).isEqualTo("only");
    counts(1, 0, 0);
  }

  @Test
  void afterTheDelayASecondCallIsMadeAndIfItWinsTheFirstIsInterrupted() throws Exception {
    var caller = start(() -> hedge.call(first(endless, () -> "second")));
    endless.awaitBegun();
    ticker.awaitParked(1);
    ticker.advance(DELAY.minusNanos(1));
    ticker.awaitParked(1);
    assertThat(hedge.hedged()).as("not before the delay is over").isZero();
    ticker.advance(Duration.ofNanos(1));
    assertThat(caller.result()).isEqualTo("second");
    assertThat(endless.interrupted).hasValue(1);
    counts(1, 1, 1);
  }

  @Test
  void theFirstCallMayStillWinAndTheSecondIsInterrupted() throws Exception {
    var caller =
        start(() ->
            hedge.call(
                first(
                    () -> {
                      endless.awaitBegun();
                      return "first";
                    },
                    endless)));
    ticker.awaitParked(1);
    ticker.advance(DELAY);
    assertThat(caller.result()).isEqualTo("first");
    assertThat(endless.interrupted).hasValue(1);
    counts(1, 1, 0);
  }

  @Test
  void aFailureBeforeTheDelayIsThrownAsItIs() {
    assertThatThrownBy(() -> hedge.call(() -> fail("planted")))
        .isInstanceOf(IOException.class)
        .hasMessage("planted");
    counts(1, 0, 0);
  }

  @Test
  void whenBothRunOneFailureIsMadeGoodByTheOther() throws Exception {
    var failed = new CountDownLatch(1);
    var caller =
        start(() ->
            hedge.call(
                first(
                    () -> {
                      failed.await();
                      return "first";
                    },
                    () -> {
                      failed.countDown();
                      return fail("second");
                    })));
    ticker.awaitParked(1);
    ticker.advance(DELAY);
    assertThat(caller.result()).isEqualTo("first");
    counts(1, 1, 0);
  }

  @Test
  void whenBothFailOneIsThrownWithTheOtherSuppressed() throws Exception {
    var second = new CountDownLatch(1);
    var caller =
        start(() ->
            hedge.call(
                first(
                    () -> {
                      second.await();
                      return fail("planted 1");
                    },
                    () -> {
                      second.countDown();
                      return fail("planted 2");
                    })));
    ticker.awaitParked(1);
    ticker.advance(DELAY);
    assertThat(caller.failure())
        .isInstanceOf(IOException.class)
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1))
        .satisfies(e ->
            assertThat(e.getMessage() + e.getSuppressed()[0].getMessage())
                .contains("planted 1", "planted 2"));
    counts(1, 1, 0);
  }

  @Test
  void whenBothFailWithAnErrorTheOtherIsSuppressedToo() throws Exception {
    var second = new CountDownLatch(1);
    var caller =
        start(() ->
            hedge.call(
                first(
                    () -> {
                      second.await();
                      throw new AssertionError("planted 1");
                    },
                    () -> {
                      second.countDown();
                      throw new AssertionError("planted 2");
                    })));
    ticker.awaitParked(1);
    ticker.advance(DELAY);
    assertThat(caller.failure())
        .isInstanceOf(AssertionError.class)
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1))
        .satisfies(e ->
            assertThat(e.getMessage() + e.getSuppressed()[0].getMessage())
                .contains("planted 1", "planted 2"));
  }

  @Test
  void withoutBudgetThereIsNoSecondCall() throws Exception {
    var release = new CountDownLatch(1);
    RetryBudget budget = RetryBudget.ofShare(0, 1);
    assertThat(budget.withdraw()).isTrue();
    Hedge bound = hedge.withBudget(budget);
    var caller =
        start(() ->
            bound.call(() -> {
              calls.incrementAndGet();
              release.await();
              return "only";
            }));
    ticker.awaitParked(1);
    ticker.advance(DELAY);
    ticker.awaitParked(0);
    release.countDown();
    assertThat(caller.result()).isEqualTo("only");
    assertThat(calls).hasValue(1);
    assertThat(bound.hedged()).isZero();
  }

  @Test
  void anInterruptBeforeTheDelayEndsTheOnlyCall() throws Exception {
    var caller = start(() -> hedge.call(endless));
    endless.awaitBegun();
    ticker.awaitParked(1);
    caller.interrupt();
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
    assertThat(endless.interrupted).hasValue(1);
    counts(1, 0, 0);
  }

  @Test
  void anInterruptAfterTheDelayEndsBoth() throws Exception {
    var caller = start(() -> hedge.call(endless));
    ticker.awaitParked(1);
    ticker.advance(DELAY);
    Waiting.until("both run", () -> endless.running.get() == 2);
    caller.interrupt();
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
    assertThat(endless.interrupted).hasValue(2);
    counts(1, 1, 0);
  }

  @Test
  void aDelayOfNothingMakesBothAtOnce() throws Exception {
    Hedge both = Hedge.after(Duration.ZERO);
    var together = new CountDownLatch(2);
    assertThat(
            both.call(() -> {
              together.countDown();
              together.await();
              return "together";
            }))
        .isEqualTo("together");
    assertThat(both.hedged()).isEqualTo(1);
    assertThatThrownBy(() -> Hedge.after(Duration.ofNanos(-1)))
        .hasMessage("the delay of a hedge must not be negative, got PT-0.000000001S");
  }
}
