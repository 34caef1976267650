package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.Waiting;
import io.github.fornada.guide.Kitchen;
import io.github.fornada.jvm.Durations;
import io.github.fornada.jvm.OwnThreads;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Time limits of scopes and of tasks. */
@Timeout(240)
final class DeadlineTest {
  private static final Duration SHORT = Duration.ofMillis(30);

  /** Until a task has begun: if its scope is over its limit before, it never does. */
  private static void awaitBegun(CountDownLatch begun, TaskScope<?, ?> scope) {
    Waiting.until("it begins, or never does", () -> begun.getCount() == 0 || scope.isCancelled());
    assertThat(begun.getCount()).as("it began within the limit of its scope").isZero();
  }

  @Test
  void aScopeOverItsLimitCancelsItsTasksAndTellsWhereTheyWere() throws Exception {
    // Long enough for two forks.
    Waiting.inOneOfFewRuns(Duration.ofMillis(300), DeadlineTest::twoTasksAreCancelledAfter);
  }

  private static void twoTasksAreCancelledAfter(Duration limit) throws Exception {
    try (var scope = TaskScope.open(o -> o.withName("slow page").withTimeout(limit))) {
      Subtask<Object> task = scope.fork("user", () -> Kitchen.waitForEver());
      scope.fork("orders", () -> Kitchen.waitForEver());
      assertThatThrownBy(scope::join)
          .isInstanceOf(ScopeTimeoutException.class)
          .hasMessageStartingWith(
              "scope \"slow page\" was over its timeout of "
                  + Durations.inWords(limit)
                  + ", and 2 tasks had not ended: ")
          .satisfies(e ->
              assertThat(((ScopeTimeoutException) e).tree())
                  .contains("user")
                  .contains("Kitchen.waitForEver:")
                  .contains(" in CountDownLatch.await"));
      assertThat(task.outcome())
          .isEqualTo(new Outcome.Cancelled<>("its scope was over its timeout"));
    }
    Eventually.noThreadIsNamed("slow page");
  }

  @Test
  void aDeadlineInThePastEndsAScopeAtOnce() throws Exception {
    try (var scope =
        TaskScope.open(
            o -> o.withDeadline(Instant.now().minusSeconds(1)).withTimeout(Eventually.PATIENCE))) {
      scope.fork(() -> Kitchen.waitForEver());
      assertThatThrownBy(scope::join)
          .isInstanceOf(ScopeTimeoutException.class)
          .hasMessageContaining("over its");
    }
  }

  @Test
  void theLimitHoldsWhileTheOwnerIsBusyElsewhere() throws Exception {
    Waiting.inOneOfFewRuns(SHORT, DeadlineTest::isInterruptedAfter);
  }

  private static void isInterruptedAfter(Duration limit) throws Exception {
    var begun = new CountDownLatch(1);
    var interrupted = new CountDownLatch(1);
    try (var scope = TaskScope.open(o -> o.withTimeout(limit))) {
      scope.fork(() -> {
        begun.countDown();
        try {
          return Kitchen.waitForEver();
        } catch (InterruptedException e) {
          interrupted.countDown();
          throw e;
        }
      });
      awaitBegun(begun, scope);
      Waiting.until("it is interrupted", () -> interrupted.getCount() == 0);
      assertThatThrownBy(scope::join).isInstanceOf(ScopeTimeoutException.class);
    }
  }

  @Test
  void aScopeThatIsDoneInTimeIsNotDisturbedLater() throws Exception {
    try (var scope =
        TaskScope.open(
            Joiner.<Integer>allSuccessfulOrThrow(),
            o -> o.withTimeout(Duration.ofDays(1_000_000)))) {
      scope.fork(() -> 1);
      assertThat(scope.join()).containsExactly(1);
    }
  }

  @Test
  void whatHadEndedInTimeIsTheResultHoweverLateTheOwnerJoins() throws Exception {
    try (var scope =
        TaskScope.open(
            Joiner.<Integer>allSuccessfulOrThrow(), o -> o.withTimeout(Duration.ofDays(1)))) {
      scope.fork(() -> 1);
      scope.fork(() -> 2);
      awaitEnds(scope);
      scope.expire(); // as the timer does when the time is up
      assertThat(scope.isCancelled()).isTrue();
      assertThat(scope.join()).containsExactly(1, 2);
    }
    try (var scope = TaskScope.open(o -> o.withTimeout(Duration.ofDays(1)))) {
      scope.expire();
      assertThat(scope.join()).isNull();
    }
    try (var scope = TaskScope.open(o -> o.withTimeout(Duration.ofDays(1)))) {
      scope.fork(() -> {
        throw new IOException("in time");
      });
      Waiting.until("the failure", () -> scope.isCancelled());
      scope.expire();
      assertThatThrownBy(scope::join).hasRootCauseMessage("in time");
    }
  }

  @Test
  void aTaskForkedAfterTheTimeIsTooLate() throws Exception {
    var ran = new AtomicInteger();
    try (var scope =
        TaskScope.open(
            Joiner.<Integer>allSuccessfulOrThrow(),
            o -> o.withName("page").withTimeout(Duration.ofDays(1)))) {
      Subtask<Integer> first = scope.fork(() -> 1);
      awaitEnds(scope);
      scope.expire();
      Subtask<Integer> late = scope.fork("user", ran::incrementAndGet);
      assertThatThrownBy(scope::join)
          .isInstanceOf(ScopeTimeoutException.class)
          .hasMessage(
              "scope \"page\" was over its timeout of 24 h when the task \"user\" was forked");
      assertThat(first.get()).isEqualTo(1);
      assertThat(late.outcome())
          .isEqualTo(new Outcome.Cancelled<>("its scope was over its timeout"));
    }
    assertThat(ran).hasValue(0);
  }

  /** The second of the two has to see the first, or the task runs forever. */
  @Test
  void aForkAndTheEndOfTheTimeRaceAndNoTaskIsLeft() throws Exception {
    for (int i = 0; i < 2000; i++) {
      try (var scope = TaskScope.open(o -> o.withTimeout(Duration.ofDays(1)))) {
        var timer = Thread.ofPlatform().start(scope::expire);
        for (int k = i % 50; k > 0; k--) {
          Thread.onSpinWait();
        }
        scope.fork(() -> Kitchen.waitForEver());
        assertThatThrownBy(scope::join).isInstanceOf(ScopeTimeoutException.class);
        timer.join();
      }
    }
  }

  private static void awaitEnds(TaskScope<?, ?> scope) {
    Waiting.until(
        "all have ended",
        () -> {
          for (Child<?> child = scope.newest; child != null; child = child.next) {
            if (!child.hasEnded()) {
              return false;
            }
          }
          return true;
        });
  }

  @Test
  void anActionOfTheTimerThatIsKeptWaitingKeepsNoOther() throws Exception {
    var release = new CountDownLatch(1);
    var others = new CountDownLatch(3);
    for (int i = 0; i < 3; i++) {
      var _ =
          ScopeTimer.after(
              Duration.ZERO,
              () -> {
                others.countDown();
                try {
                  release.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              });
    }
    try {
      Waiting.until("all three have begun", () -> others.getCount() == 0);
      assertThatThrownBy(() -> Async.withTimeout(SHORT, () -> Kitchen.waitForEver()))
          .isInstanceOf(TaskTimeoutException.class);
    } finally {
      release.countDown();
    }
  }

  @Test
  void outcomesAreToldWhenTheTimeIsUp() throws Exception {
    Waiting.inOneOfFewRuns(Duration.ofMillis(200), DeadlineTest::outcomesAreToldAfter);
  }

  private static void outcomesAreToldAfter(Duration limit) throws Exception {
    var ended = new CountDownLatch(1);
    try (var scope = TaskScope.open(Joiner.<Integer>outcomes(), o -> o.withTimeout(limit))) {
      scope.fork(() -> {
        ended.countDown();
        return 1;
      });
      scope.fork(() -> Kitchen.waitForEver());
      awaitBegun(ended, scope);
      assertThat(scope.join())
          .containsExactly(
              new Outcome.Done<>(1), new Outcome.Cancelled<>("its scope was over its timeout"));
    }
  }

  @Test
  void aTaskOverItsOwnLimitTimesOutWithItsStack() throws Exception {
    // A stack that a busy machine does not give in time is left out.
    Waiting.inOneOfFewRuns(SHORT, DeadlineTest::aTaskTimesOutWithItsStackAfter);
  }

  private static void aTaskTimesOutWithItsStackAfter(Duration limit) throws Exception {
    try (var scope = TaskScope.open(Joiner.<Object>outcomes(), o -> o.withName("page"))) {
      scope.fork("user", limit, () -> Kitchen.waitForEver());
      scope.fork(() -> 1);
      var outcomes = scope.join();
      assertThat(outcomes.get(1)).isEqualTo(new Outcome.Done<>(1));
      var late = (Outcome.TimedOut<Object>) outcomes.get(0);
      assertThat(late.timeout()).isEqualTo(limit);
      assertThat(late.stack()).anyMatch(f -> f.getMethodName().equals("waitForEver"));
    }
  }

  @Test
  void aTaskOverItsOwnLimitFailsItsScope() throws Exception {
    Waiting.inOneOfFewRuns(SHORT, DeadlineTest::aTaskFailsItsScopeAfter);
  }

  private static void aTaskFailsItsScopeAfter(Duration limit) throws Exception {
    try (var scope = TaskScope.open(o -> o.withName("page"))) {
      Subtask<Object> task = scope.fork("user", limit, () -> Kitchen.waitForEver());
      assertThatThrownBy(scope::join)
          .hasCauseInstanceOf(TaskTimeoutException.class)
          .hasMessageContaining(
              "the task \"user\" of scope \"page\" was over its timeout of "
                  + Durations.inWords(limit));
      assertThat(task.state()).isEqualTo(Subtask.State.FAILED);
      Throwable stack = task.exception().getCause();
      assertThat(stack).as("its stack").isNotNull(); // one that does not come in time is left out
      assertThat(stack.getStackTrace()).anyMatch(f -> f.getMethodName().equals("waitForEver"));
    }
  }

  @Test
  void whatATaskSaysAfterItsLimitDoesNotCount() throws Exception {
    Waiting.inOneOfFewRuns(SHORT, DeadlineTest::twoSaySomethingAfter);
  }

  private static void twoSaySomethingAfter(Duration limit) throws Exception {
    var cleanup = new IOException("cleanup");
    try (var scope = TaskScope.open(Joiner.<Object>outcomes())) {
      scope.fork(
          "stubborn",
          limit,
          () -> {
            try {
              return Kitchen.waitForEver();
            } catch (InterruptedException e) {
              return "late";
            }
          });
      Subtask<Object> failing =
          scope.fork(
              "failing",
              limit,
              () -> {
                try {
                  return Kitchen.waitForEver();
                } catch (InterruptedException e) {
                  throw cleanup;
                }
              });
      assertThat(scope.join()).allMatch(outcome -> outcome instanceof Outcome.TimedOut);
      assertThat(failing.exception()).hasSuppressedException(cleanup);
    }
  }

  @Test
  void limitAndEndRaceForOneOutcome() throws Exception {
    for (int i = 0; i < 300; i++) {
      Duration limit = Duration.ofNanos(1000L * (i % 100) + 1);
      try (var scope = TaskScope.open(Joiner.<Integer>outcomes())) {
        Subtask<Integer> task =
            scope.fork(
                "racer",
                limit,
                () -> {
                  Thread.sleep(Duration.ofNanos(50_000));
                  return 1;
                });
        Outcome<Integer> told = scope.join().getFirst();
        assertThat(told).isInstanceOfAny(Outcome.Done.class, Outcome.TimedOut.class);
        assertThat(task.outcome()).isEqualTo(told);
      }
    }
  }

  @Test
  void deadlineAndEndRaceForOneAnswer() throws Exception {
    for (int i = 0; i < 300; i++) {
      Duration limit = Duration.ofNanos(1000L * (i % 100) + 1);
      var returned = new AtomicInteger();
      try (var scope =
          TaskScope.open(Joiner.<Integer>allSuccessfulOrThrow(), o -> o.withTimeout(limit))) {
        scope.fork(() -> {
          Thread.sleep(Duration.ofNanos(50_000));
          return returned.incrementAndGet();
        });
        assertThat(scope.join()).containsExactly(1);
      } catch (ScopeTimeoutException e) {
        assertThat(e).hasMessageContaining("over its timeout");
      }
    }
  }

  @Test
  void aTaskWhoseOwnScopeWasOverItsLimitHasFailedAndItsScopeIsNot() throws Exception {
    try (var scope = TaskScope.open(o -> o.withName("page"))) {
      scope.fork(
          "user",
          () -> {
            try (var within = TaskScope.open(o -> o.withName("user").withTimeout(SHORT))) {
              within.fork(() -> Kitchen.waitForEver());
              return within.join();
            }
          });
      assertThatThrownBy(scope::join)
          .isInstanceOf(ScopeFailedException.class)
          .hasMessageStartingWith("the task \"user\" of scope \"page\" failed: ")
          .cause()
          .isInstanceOf(ScopeTimeoutException.class)
          .hasMessageStartingWith("scope \"user\" was over its timeout");
    }
  }

  @Test
  void theThreadsOfTimersKeepNothingOfTheThreadThatStartsThem() throws Exception {
    var local = new InheritableThreadLocal<String>();
    var seen = new ArrayList<Object>();
    Thread self = Thread.currentThread();
    ClassLoader before = self.getContextClassLoader();
    local.set("of the first caller");
    self.setContextClassLoader(new ClassLoader(before) {});
    try {
      Thread timer =
          OwnThreads.daemon("timer")
              .start(() -> {
                seen.add(local.get());
                seen.add(Thread.currentThread().getContextClassLoader());
              });
      timer.join();
    } finally {
      self.setContextClassLoader(before);
      local.remove();
    }
    assertThat(seen).containsExactly(null, ClassLoader.getSystemClassLoader());
  }
}
