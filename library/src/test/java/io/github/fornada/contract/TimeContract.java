package io.github.fornada.contract;

import static io.github.fornada.contract.PoolUnderTest.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Busy;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.Task;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.Waiting;
import io.github.fornada.jvm.Durations;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Timeouts and retries. */
interface TimeContract extends PoolUnderTest {
  Duration GRACE = Duration.ofMillis(100);

  /**
   * The timeout for items that must reach it; nothing else may reach it, even on a busy machine.
   */
  default Duration limit() {
    return Busy.scaled(Duration.ofMillis(200));
  }

  /** Until no item is over its limit for being the first of its worker. */
  private static void warm(Pool pool) {
    warm(pool, Work::sleep);
  }

  private static void warm(Pool pool, TaskFunction<Integer, Integer> function) {
    Waiting.until(
        "the worker was warm",
        () -> pool.<Integer, Integer>outcomes(List.of(1, 2), function).allMatch(Outcome::isDone));
  }

  @Test
  default void aTaskOverItsLimitIsInterruptedAndReportedWithItsStack() throws Exception {
    try (Pool pool = open(1, policy -> policy.withTimeout(limit()).withGrace(PATIENCE))) {
      warm(pool);
      // A stack that a busy machine does not give in time is left out.
      Waiting.until("a stack came in time", () -> isReportedWithItsStack(pool));
    }
  }

  private boolean isReportedWithItsStack(Pool pool) {
    List<Outcome<Integer>> outcomes =
        pool.<Integer, Integer>outcomes(List.of(1, 600_000, 2), Work::sleep).toList();
    if (!Waiting.othersAreInTime(outcomes, 1)) {
      return false;
    }
    assertThat(outcomes.get(0)).isEqualTo(new Outcome.Done<>(1));
    assertThat(outcomes.get(2)).isEqualTo(new Outcome.Done<>(2));
    assertThat(outcomes.get(1)).isInstanceOf(Outcome.TimedOut.class);
    var timedOut = (Outcome.TimedOut<Integer>) outcomes.get(1);
    assertThat(timedOut.timeout()).isEqualTo(limit());
    return timedOut.stack().stream().anyMatch(frame -> frame.getMethodName().equals("sleep"));
  }

  @Test
  default void aTaskThatWillNotListenIsGivenUpAndThePoolGoesOn() throws Exception {
    List<Outcome<Integer>> outcomes =
        Waiting.oneOfFew(limit(), this::withADeafTask, all -> Waiting.othersAreInTime(all, 1));
    assertThat(outcomes.get(0)).isEqualTo(new Outcome.Done<>(1));
    assertThat(outcomes.get(1)).isInstanceOf(Outcome.TimedOut.class);
    assertThat(outcomes.get(2)).isEqualTo(new Outcome.Done<>(2));
    assertThat(outcomes.get(3)).isEqualTo(new Outcome.Done<>(3));
    assertThat(outcomes.get(4)).isEqualTo(new Outcome.Done<>(1));
  }

  private List<Outcome<Integer>> withADeafTask(Duration limit) throws Exception {
    var outcomes = new ArrayList<Outcome<Integer>>();
    Marks marks = marksOfRun();
    try (Pool pool = open(1, policy -> policy.withTimeout(limit).withGrace(GRACE))) {
      TaskFunction<Integer, Integer> function = i -> i == 0 ? Work.deaf(marks) : i;
      warm(pool, function);
      outcomes.addAll(pool.<Integer, Integer>outcomes(List.of(1, 0, 2, 3), function).toList());
      outcomes.addAll(pool.<Integer, Integer>outcomes(List.of(1), function).toList());
    } // closes although the task is not over
    marks.set("over");
    return outcomes;
  }

  @Test
  default void aDeafTaskThatWasCancelledHoldsThePoolUpNoLongerThanItsLimitAndGrace()
      throws Exception {
    Waiting.inEnoughTime(limit(), this::aCancelledDeafTaskIsGivenUpAfter);
  }

  private void aCancelledDeafTaskIsGivenUpAfter(Duration limit) throws Exception {
    Marks marks = marksOfRun();
    long cancelled;
    try (Pool pool = open(1, policy -> policy.withTimeout(limit).withGrace(GRACE))) {
      warm(pool);
      var deaf =
          pool.submit(
              marks,
              these -> {
                these.set("began");
                return Work.deaf(these);
              });
      Waiting.until("it begins, or never does", () -> marks.has("began") || deaf.isDone());
      cancelled = System.nanoTime();
      if (!deaf.cancel(true)) {
        var _ = PoolUnderTest.get(deaf); // throws that it was over its limit before
      }
    } finally {
      marks.set("over");
    }
    assertThat(Duration.ofNanos(System.nanoTime() - cancelled)).isLessThan(PATIENCE);
  }

  @Test
  default void aDeafTaskThatWasCancelledIsLeftBehindAfterTheGraceWithoutALimit() throws Exception {
    Marks marks = marks();
    try (Pool pool = open(1, policy -> policy.withGrace(GRACE))) {
      var deaf =
          pool.submit(
              marks,
              these -> {
                these.set("began");
                return Work.deaf(these);
              });
      marks.await("began");
      deaf.cancel(true);
      assertThat(PoolUnderTest.get(pool.submit(1, Work::increment))).isEqualTo(2);
    } // closes although the task is not over
    marks.set("over");
  }

  /** An application that is undeployed must not stay in memory until its timeouts are over. */
  @Test
  default void aClosedPoolWithALongLimitIsLetGoOf() throws Exception {
    var listener = new WeakReference<>(closedPoolsListener());
    Waiting.untilCollected(
        "the pool and all that it holds are garbage", () -> listener.refersTo(null));
  }

  private Object closedPoolsListener() throws Exception {
    var listener =
        new TaskListener() {
          @Override
          public void onEvent(TaskEvent event) {}
        };
    try (Pool pool =
        open(1, policy -> policy.withTimeout(Duration.ofHours(1)).withListener(listener))) {
      assertThat(PoolUnderTest.get(pool.submit(1, Work::increment))).isEqualTo(2);
    }
    return listener;
  }

  @Test
  default void aFutureOverItsLimitEndsWithATimeOut() {
    try (Pool pool = open(1, policy -> policy.withTimeout(limit()).withGrace(GRACE))) {
      assertThatThrownBy(() -> PoolUnderTest.get(pool.submit(600_000, Work::sleep)))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(TaskTimeoutException.class)
          .hasMessageContaining("over its timeout of " + Durations.inWords(limit()));
    }
  }

  @Test
  default void theLimitIsForEachItemAndNotForTheirSum() throws Exception {
    try (Pool pool = open(1, policy -> policy.withTimeout(Busy.scaled(Duration.ofSeconds(1))))) {
      warm(pool);
      List<Integer> items = IntStream.range(0, 40).map(i -> 40).boxed().toList();
      List<Outcome<Integer>> outcomes =
          Waiting.oneOfFew(
              () -> pool.<Integer, Integer>outcomes(items, Work::sleep).toList(),
              all -> all.stream().noneMatch(each -> each instanceof Outcome.TimedOut));
      assertThat(outcomes).hasSize(40).allMatch(Outcome::isDone);
    }
  }

  @Test
  default void aTaskThatEndsJustAtItsLimitHasOneOutcome() {
    Duration limit = Duration.ofMillis(20);
    try (Pool pool =
        open(2, policy -> policy.withTimeout(limit).withGrace(Duration.ofSeconds(5)))) {
      List<Integer> items = IntStream.range(0, 60).map(i -> 18 + i % 5).boxed().toList();
      List<Outcome<Integer>> outcomes =
          pool.<Integer, Integer>outcomes(items, Work::sleep).toList();
      assertThat(outcomes).hasSize(60);
      for (int i = 0; i < 60; i++) {
        switch (outcomes.get(i)) {
          case Outcome.Done<Integer>(var value) -> assertThat(value).isEqualTo(items.get(i));
          case Outcome.TimedOut<Integer> t -> assertThat(t.timeout()).isEqualTo(limit);
          default -> throw new AssertionError(outcomes.get(i));
        }
      }
    }
  }

  // ---- retries

  @Test
  default void nothingRunsTwiceUnasked() {
    Marks marks = marks();
    try (Pool pool = open(1)) {
      assertThatThrownBy(() ->
              PoolUnderTest.get(
                  pool.submit(
                      "try",
                      name -> {
                        marks.set(name);
                        throw new IOException("again?");
                      })))
          .hasCauseInstanceOf(IOException.class);
    }
    assertThat(marks.times("try")).isEqualTo(1);
  }

  @Test
  default void anItemThatFailsIsTriedAgainAfterAGrowingPause() throws Exception {
    Marks marks = marks();
    long began = System.nanoTime();
    try (Pool pool = open(2, policy -> policy.withRetries(2).withBackOff(Duration.ofMillis(50)))) {
      List<String> results =
          pool.map(
              List.of("a", "b"),
              item -> {
                marks.set(item);
                if (item.equals("a") && marks.times(item) < 3) {
                  throw new IOException("not yet");
                }
                return item;
              });
      assertThat(results).containsExactly("a", "b");
      String third =
          PoolUnderTest.get(
              pool.submit(
                  "c",
                  item -> {
                    marks.set(item);
                    if (marks.times(item) < 3) {
                      throw new IOException("not yet");
                    }
                    return item;
                  }));
      assertThat(third).isEqualTo("c");
    }
    assertThat(marks.times("a")).isEqualTo(3);
    assertThat(marks.times("b")).isEqualTo(1);
    assertThat(marks.times("c")).isEqualTo(3);
    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .isGreaterThanOrEqualTo(Duration.ofMillis(2 * (50 + 100)));
  }

  @Test
  default void retriesComeToAnEnd() {
    Marks marks = marks();
    try (Pool pool = open(1, policy -> policy.withRetries(3).withBackOff(Duration.ofMillis(1)))) {
      List<Outcome<String>> outcomes =
          pool.<String, String>outcomes(
                  List.of("a"),
                  item -> {
                    marks.set(item);
                    throw new IOException("never");
                  })
              .toList();
      assertThat(outcomes).hasSize(1);
      assertThat(outcomes.getFirst()).isInstanceOf(Outcome.Failed.class);
    }
    assertThat(marks.times("a")).isEqualTo(4);
  }

  @Test
  default void pausesBeforeRetriesStopGrowingAtTheLongest() throws Exception {
    Marks marks = marks();
    // Without a bound the last pause alone would be more than nine hours.
    try (Pool pool =
        open(
            1,
            policy ->
                policy.withRetries(26).withBackOff(Duration.ofMillis(1), Duration.ofMillis(2)))) {
      var future =
          pool.submit(
              "a",
              item -> {
                marks.set(item);
                throw new IOException("never");
              });
      assertThatThrownBy(() -> PoolUnderTest.get(future)).hasCauseInstanceOf(IOException.class);
    }
    assertThat(marks.times("a")).isEqualTo(27);
  }

  @Test
  default void pausesBeforeRetriesDoubleUntilTheLongest() {
    int retries = 28;
    try (Pool pool =
        open(1, policy -> policy.withRetries(retries).withBackOff(Duration.ofNanos(1)))) {
      long began = System.nanoTime();
      CompletableFuture<Integer> future =
          pool.submit(
              1,
              item -> {
                throw new IOException("never");
              });
      assertThatThrownBy(() -> PoolUnderTest.get(future)).hasCauseInstanceOf(IOException.class);
      assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo((1L << retries) - 1);
    }
  }

  @Test
  default void anOrderlyShutdownWaitsForRetries() throws Exception {
    Marks marks = marks();
    Pool pool = open(1, policy -> policy.withRetries(1).withBackOff(Duration.ofMillis(300)));
    var future =
        pool.submit(
            "a",
            item -> {
              marks.set(item);
              if (marks.times(item) < 2) {
                throw new IOException("not yet");
              }
              return item;
            });
    marks.await("a");
    pool.close();
    assertThat(future.resultNow()).isEqualTo("a");
  }

  @Test
  default void shutdownNowDoesNotWaitForThePauseBeforeARetry() throws Exception {
    Marks marks = marks();
    Pool pool = open(1, policy -> policy.withRetries(1).withBackOff(Duration.ofDays(1000)));
    var future =
        pool.submit(
            "a",
            item -> {
              marks.set(item);
              throw new IOException("not yet");
            });
    marks.await("a");
    assertThat(PoolUnderTest.get(pool.submit(1, Work::increment))).isEqualTo(2);
    pool.shutdownNow();
    PoolUnderTest.awaitTermination(pool);
    assertThat(future.isCancelled()).isTrue();
  }

  @Test
  default void aRetryThatIsCancelledInItsPauseHoldsNothingUp() throws Exception {
    Marks marks = marks();
    try (Pool pool = open(1, policy -> policy.withRetries(1).withBackOff(Duration.ofDays(1000)))) {
      var future =
          pool.submit(
              "a",
              item -> {
                marks.set(item);
                throw new IOException("not yet");
              });
      marks.await("a");
      assertThat(PoolUnderTest.get(pool.submit(1, Work::increment))).isEqualTo(2);
      future.cancel(true);
    }
    assertThat(marks.times("a")).isEqualTo(1);
  }

  // ---- durations that do not fit in a long of nanoseconds

  @Test
  default void hugeAndNegativeDurationsDoNotWrap() throws Exception {
    Duration huge = Duration.ofSeconds(Long.MAX_VALUE);
    try (Pool pool =
        open(
            1,
            policy ->
                policy.withTimeout(huge).withGrace(huge).withBackOff(huge).withRetries(1_000))) {
      assertThat(pool.submit(1, Work::increment).get(Long.MAX_VALUE, TimeUnit.DAYS)).isEqualTo(2);
      List<Task<Integer>> jobs = List.of(() -> 1, () -> 2);
      assertThat(pool.invokeAll(jobs, Long.MAX_VALUE, TimeUnit.DAYS))
          .extracting(future -> future.state())
          .containsOnly(Future.State.SUCCESS);
      assertThat(pool.invokeAny(jobs, Long.MAX_VALUE - 1, TimeUnit.NANOSECONDS)).isIn(1, 2);
      Marks marks = marks();
      CompletableFuture<String> busy = PoolUnderTest.occupy(pool, marks);
      for (long past : List.of(Long.MIN_VALUE, -1L, 0L)) {
        assertThatThrownBy(() -> busy.get(past, TimeUnit.NANOSECONDS))
            .isInstanceOf(TimeoutException.class);
        assertThat(pool.invokeAll(jobs, past, TimeUnit.DAYS)).allMatch(Future::isCancelled);
        assertThatThrownBy(() -> pool.invokeAny(jobs, past, TimeUnit.DAYS))
            .isInstanceOf(TimeoutException.class);
      }
      marks.set("go");
      assertThat(get(busy)).isEqualTo("worker");
      pool.shutdown();
      assertThat(pool.awaitTermination(Long.MAX_VALUE, TimeUnit.DAYS)).isTrue();
    }
  }
}
