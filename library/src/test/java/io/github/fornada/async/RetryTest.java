package io.github.fornada.async;

import static io.github.fornada.async.Threads.start;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.TaskTimeoutException;
import io.github.fornada.Waiting;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

final class RetryTest {
  private static final Retry PLAIN =
      Retry.times(4)
          .withBackOff(Duration.ofMillis(100), 2, Duration.ofMillis(500))
          .withJitter(Retry.Jitter.NONE);

  private final ManualTicker ticker = ManualTicker.jumping();
  private final AtomicInteger tries = new AtomicInteger();

  /**
   * Returns a call that fails {@code times} times, each time with another exception, and then
   * returns the number of attempts.
   */
  private Callable<Integer> failing(int times) {
    return () -> {
      int number = tries.incrementAndGet();
      if (number <= times) {
        throw new IOException("try " + number);
      }
      return number;
    };
  }

  private <R> R call(Retry retry, Callable<R> task) throws Exception {
    return retry.call(task, ticker, () -> 0.5);
  }

  @Test
  void whatSucceedsIsCalledOnceAndWithoutAPause() throws Exception {
    assertThat(call(PLAIN, failing(0))).isEqualTo(1);
    assertThat(ticker.pauses()).isEmpty();
  }

  @Test
  void whatFailsIsCalledAgainAfterPausesThatGrowUpToTheLongest() throws Exception {
    assertThat(call(PLAIN, failing(4))).isEqualTo(5);
    assertThat(ticker.pauses())
        .containsExactly(
            Duration.ofMillis(100),
            Duration.ofMillis(200),
            Duration.ofMillis(400),
            Duration.ofMillis(500));
  }

  @Test
  void theLastFailureIsThrownWithTheOthersSuppressed() {
    assertThatThrownBy(() -> call(Retry.times(2), failing(9)))
        .isInstanceOf(IOException.class)
        .hasMessage("try 3")
        .satisfies(e ->
            assertThat(e.getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("try 1", "try 2"));
    assertThat(tries).hasValue(3);
  }

  @Test
  void ofManyFailuresOnlyTheLatestAreKept() {
    assertThatThrownBy(() -> call(Retry.times(10_000), failing(99_999)))
        .hasMessage("try 10001")
        .satisfies(e ->
            assertThat(e.getSuppressed())
                .hasSize(Retry.MAX_SUPPRESSED)
                .extracting(Throwable::getMessage)
                .endsWith("try 9999", "try 10000"));
  }

  @Test
  void oneExceptionThrownAgainAndAgainDoesNotGrow() {
    var one = new IOException("always this");
    var other = new IOException("or this");
    for (int i = 0; i < 100; i++) {
      assertThatThrownBy(() ->
              call(
                  Retry.times(5),
                  () -> {
                    throw tries.incrementAndGet() % 2 == 0 ? one : other;
                  }))
          .isIn(one, other);
    }
    assertThat(one.getSuppressed().length + other.getSuppressed().length)
        .isLessThanOrEqualTo(2 * Retry.MAX_SUPPRESSED);
    assertThatThrownBy(() ->
            call(
                Retry.times(1),
                () -> {
                  throw new CloneNotSupportedException();
                }))
        .isInstanceOf(CloneNotSupportedException.class);
  }

  @Test
  void onlyFailuresThatAreMeantAreTriedAgain() {
    assertThatThrownBy(() -> call(Retry.times(3).on(FileNotFoundException.class), failing(9)))
        .hasMessage("try 1");
    assertThatThrownBy(() ->
            call(Retry.times(5).on(e -> !"try 4".equals(e.getMessage())), this::failSecondTime))
        .hasMessage("try 4");
    assertThat(tries).hasValue(4);
  }

  private int failSecondTime() throws IOException {
    throw new IOException("try " + tries.incrementAndGet());
  }

  @Test
  void conditionsAddUp() {
    Retry retry = PLAIN.on(FileNotFoundException.class).on(e -> "planted".equals(e.getMessage()));
    assertThat(retry.when().test(new FileNotFoundException())).isTrue();
    assertThat(retry.when().test(new IOException("planted"))).isTrue();
    assertThat(retry.when().test(new IOException("another"))).isFalse();
    assertThat(PLAIN.when().test(new IOException("another"))).isTrue();
  }

  @Test
  void aTimeoutIsTriedAgainUnlessOnlyOtherFailuresAre() {
    assertThat(triesOfTimeouts(PLAIN)).isEqualTo(5);
    assertThat(triesOfTimeouts(PLAIN.onTimeout())).isEqualTo(5);
    assertThat(triesOfTimeouts(PLAIN.on(IOException.class).onTimeout())).isEqualTo(5);
    assertThat(triesOfTimeouts(PLAIN.onTimeout().on(IOException.class))).isEqualTo(5);
    assertThat(triesOfTimeouts(PLAIN.on(TaskTimeoutException.class))).isEqualTo(5);
    assertThat(triesOfTimeouts(PLAIN.on(IOException.class))).isEqualTo(1);
  }

  /**
   * Returns how often it was tried. On a busy machine a timeout may be over before a task begins.
   */
  private static int triesOfTimeouts(Retry retry) {
    var calls = new AtomicInteger();
    Callable<String> endless =
        () -> {
          calls.incrementAndGet();
          return Timeout.ofMillis(1)
              .call(() -> {
                new CountDownLatch(1).await();
                return "never";
              });
        };
    assertThatThrownBy(
            () -> retry.withBackOff(Duration.ZERO, 1, Duration.ZERO).wrap(endless).call())
        .isInstanceOf(TaskTimeoutException.class);
    return calls.get();
  }

  @Test
  void everyKindOfTimeoutIsOne() {
    var when = PLAIN.onTimeout().when();
    assertThat(when.test(new ScopeTimeoutException())).isTrue();
    assertThat(when.test(new TimeoutException())).isTrue();
    assertThat(when.test(new TaskTimeoutException("x", Duration.ofSeconds(1), List.of()))).isTrue();
    assertThat(when.test(new IOException())).isFalse();
  }

  @Test
  void anErrorIsNotTriedAgain() {
    assertThatThrownBy(() ->
            call(
                PLAIN,
                () -> {
                  tries.incrementAndGet();
                  throw new StackOverflowError("planted");
                }))
        .isInstanceOf(StackOverflowError.class);
    assertThat(tries).hasValue(1);
  }

  @Test
  void aConditionThatThrowsEndsItAndTheFailureIsNotLost() {
    var planted = new IllegalStateException("planted");
    assertThatThrownBy(() ->
            call(
                PLAIN.on(e -> {
                  throw planted;
                }),
                failing(9)))
        .isSameAs(planted)
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("try 1"));
  }

  // ---- interrupts

  @Test
  void anInterruptedExceptionIsNeverTriedAgainWhateverTheCondition() {
    assertThatThrownBy(() ->
            call(
                PLAIN.on(_ -> true),
                () -> {
                  if (tries.incrementAndGet() == 2) {
                    throw new InterruptedException("planted");
                  }
                  throw new IOException("first");
                }))
        .isInstanceOf(InterruptedException.class)
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("first"));
    assertThat(tries).hasValue(2);
  }

  @Test
  void aFailureOfAnInterruptedThreadIsTheLastAndTheInterruptStays() throws Exception {
    var caller =
        start(() -> {
          try {
            return call(
                PLAIN,
                () -> {
                  tries.incrementAndGet();
                  Thread.currentThread().interrupt(); // as code does that cannot throw it
                  throw new IOException("planted");
                });
          } catch (IOException e) {
            return Thread.currentThread().isInterrupted();
          }
        });
    assertThat(caller.result()).isEqualTo(true);
    assertThat(tries).hasValue(1);
    assertThat(ticker.pauses()).isEmpty();
  }

  @Test
  void anInterruptInThePauseIsThrownWithTheFailureSuppressed() throws Exception {
    var standing = ManualTicker.standing();
    var caller = start(() -> PLAIN.call(failing(9), standing, () -> 1));
    standing.awaitParked(1);
    caller.interrupt();
    assertThat(caller.failure())
        .isInstanceOf(InterruptedException.class)
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("try 1"));
    assertThat(tries).hasValue(1);
  }

  @Test
  void aRetryOfRealTimeIsInterruptedInItsPause() throws Exception {
    Retry retry = PLAIN.withBackOff(Duration.ofDays(1), 1, Duration.ofDays(1));
    var caller = start(() -> retry.call(failing(9)));
    Waiting.until("first try", () -> tries.get() == 1);
    caller.interrupt();
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
  }

  // ---- jitter

  private List<Duration> pauses(Retry.Jitter jitter, DoubleSupplier random) throws Exception {
    var time = ManualTicker.jumping();
    tries.set(0);
    Retry retry =
        Retry.times(50)
            .withBackOff(Duration.ofMillis(100), 2, Duration.ofSeconds(1))
            .withJitter(jitter);
    retry.call(failing(50), time, random);
    return time.pauses();
  }

  @Test
  void fullJitterIsFromNothingToThePauseAndEqualJitterIsNeverUnderHalf() throws Exception {
    List<Duration> plain = pauses(Retry.Jitter.NONE, () -> 0);
    List<Duration> full = pauses(Retry.Jitter.FULL, () -> 0.25);
    List<Duration> equal = pauses(Retry.Jitter.EQUAL, () -> 0.25);
    for (int i = 0; i < plain.size(); i++) {
      assertThat(full.get(i)).isEqualTo(plain.get(i).dividedBy(4));
      assertThat(equal.get(i)).isEqualTo(plain.get(i).multipliedBy(5).dividedBy(8));
    }
    assertThat(pauses(Retry.Jitter.FULL, () -> 0)).as("no pause at all").isEmpty();
  }

  @Test
  void decorrelatedJitterIsFromTheFirstToThreeTimesTheLastAndAtMostTheLongest() throws Exception {
    var random = ThreadLocalRandom.current();
    Duration before = Duration.ofMillis(100);
    for (Duration pause : pauses(Retry.Jitter.DECORRELATED, random::nextDouble)) {
      assertThat(pause).isGreaterThanOrEqualTo(Duration.ofMillis(100));
      assertThat(pause).isLessThanOrEqualTo(before.multipliedBy(3));
      assertThat(pause).isLessThanOrEqualTo(Duration.ofSeconds(1));
      before = pause.plusNanos(1);
    }
  }

  // ---- budget

  @Test
  void aBudgetBoundsTheFurtherTriesOfAllCallsTogether() throws Exception {
    RetryBudget budget = RetryBudget.ofShare(0.1, 5);
    Retry retry = Retry.times(3).withBudget(budget);
    for (int i = 0; i < 1_000; i++) {
      assertThatThrownBy(() -> call(retry, failing(Integer.MAX_VALUE)))
          .isInstanceOf(IOException.class);
    }
    assertThat(tries.get() - 1_000).as("further tries").isBetween(100, 105);
    assertThat(budget.available()).isZero();
  }

  @Test
  void aBudgetIsSavedUpByCallsThatSucceedButNotWithoutBound() throws Exception {
    RetryBudget budget = RetryBudget.ofShare(0.5, 3);
    Retry retry = Retry.times(100).withBudget(budget);
    assertThatThrownBy(() -> call(retry, failing(1_000))).hasMessage("try 4");
    assertThat(budget.available()).isZero();
    for (int i = 0; i < 100; i++) {
      assertThat(call(retry, () -> "fine")).isEqualTo("fine");
    }
    assertThat(budget.available()).isEqualTo(3);
  }

  @Test
  void manyThreadsDoNotOverdrawABudget() throws Exception {
    RetryBudget budget = RetryBudget.ofShare(0.25, 10);
    int callers = 10_000;
    var items = new ArrayList<Integer>();
    for (int i = 0; i < callers; i++) {
      items.add(i);
    }
    Retry retry = Retry.times(2).withBackOff(Duration.ZERO, 1, Duration.ZERO).withBudget(budget);
    var failed =
        Async.outcomes(
            items,
            retry.wrap((Integer i) -> {
              tries.incrementAndGet();
              throw new IOException("planted");
            }));
    assertThat(failed).hasSize(callers).noneMatch(o -> o.isDone());
    assertThat(tries.get() - callers).isLessThanOrEqualTo(10 + callers / 4);
    assertThat(tries.get() - callers).isGreaterThanOrEqualTo(callers / 4 - 1);
  }

  // ---- bounds

  @Test
  void whatIsOutOfBoundsIsRefused() {
    assertThatThrownBy(() -> Retry.times(-1)).hasMessage("retries must be at least 0, got -1");
    assertThatThrownBy(() -> PLAIN.withBackOff(Duration.ofMillis(-1), 2, Duration.ofSeconds(1)))
        .hasMessage("first pause must not be negative, got PT-0.001S");
    assertThatThrownBy(() -> PLAIN.withBackOff(Duration.ofMillis(1), 0.5, Duration.ofSeconds(1)))
        .hasMessage("factor must be from 1 to 1000, got 0.5");
    assertThatThrownBy(() -> PLAIN.withBackOff(Duration.ofSeconds(2), 2, Duration.ofSeconds(1)))
        .hasMessage("longest pause must be at least the first, PT2S, got PT1S");
    assertThatThrownBy(() -> RetryBudget.ofShare(Double.NaN, 1))
        .hasMessage("the share of a retry budget must be from 0 to 1000 tries a call, got NaN");
    assertThatThrownBy(() -> RetryBudget.ofShare(0.1, 0))
        .hasMessage("the reserve of a retry budget must be at least 1, got 0");
  }
}
