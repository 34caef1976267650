package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Waiting;
import io.github.fornada.guide.Kitchen;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Policies, the library's and the user's. */
@Timeout(240)
final class JoinerTest {
  @Test
  void resultsAreInTheOrderOfTheForks() throws Exception {
    try (var scope = TaskScope.open(Joiner.<Integer>allSuccessfulOrThrow())) {
      var second = new CountDownLatch(1);
      scope.fork(() -> {
        second.await();
        return 1;
      });
      scope.fork(() -> {
        second.countDown();
        return 2;
      });
      scope.fork(() -> null);
      assertThat(scope.join()).containsExactly(1, 2, null);
    }
  }

  @Test
  void theFirstResultWinsAndTheOthersAreCancelled() throws Exception {
    try (var scope = TaskScope.open(Joiner.<String>anySuccessfulOrThrow())) {
      Subtask<String> slow = scope.fork(() -> Kitchen.waitForEver());
      scope.fork(() -> {
        throw new IOException("down");
      });
      scope.fork(() -> "up");
      assertThat(scope.join()).isEqualTo("up");
      assertThat(slow.outcome())
          .isEqualTo(new Outcome.Cancelled<>("its scope needed it no longer"));
    }
  }

  @Test
  void ifAllFailTheFirstFailureIsThrownWithTheOthers() throws Exception {
    var first = new IOException("first");
    try (var scope = TaskScope.open(Joiner.<String>anySuccessfulOrThrow())) {
      Subtask<String> one =
          scope.fork(() -> {
            throw first;
          });
      Waiting.until("it failed", () -> one.state() == Subtask.State.FAILED);
      Waiting.until("it ended", () -> ((Child<?>) one).hasEnded());
      scope.fork(() -> {
        throw new IOException("second");
      });
      assertThatThrownBy(scope::join)
          .hasCause(first)
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    }
  }

  @Test
  void ofNoTasksThereIsNoFirst() throws Exception {
    try (var scope = TaskScope.open(Joiner.<String>anySuccessfulOrThrow())) {
      assertThatThrownBy(scope::join).hasCauseInstanceOf(NoSuchElementException.class);
    }
  }

  @Test
  void allUntilGivesAllTasksWhenThereIsEnough() throws Exception {
    try (var scope =
        TaskScope.open(Joiner.<Integer>allUntil(t -> t.state() == Subtask.State.SUCCESS))) {
      scope.fork(() -> 1);
      scope.fork(() -> Kitchen.waitForEver());
      List<Subtask<Integer>> tasks = scope.join();
      assertThat(tasks)
          .extracting(Subtask::state)
          .containsExactly(Subtask.State.SUCCESS, Subtask.State.UNAVAILABLE);
    }
  }

  @Test
  void awaitAllWaitsForFailuresToo() throws Exception {
    try (var scope = TaskScope.open(Joiner.<Integer>awaitAll())) {
      Subtask<Integer> bad =
          scope.fork(() -> {
            throw new IOException("bad");
          });
      Subtask<Integer> good = scope.fork(() -> 1);
      scope.join();
      assertThat(bad.outcome().isDone()).isFalse();
      assertThat(good.get()).isEqualTo(1);
    }
  }

  /** Fails in the method that {@code where} names. */
  private record Failing(String where) implements Joiner<Object, Object> {
    private void failAt(String place) {
      if (where.equals(place)) {
        throw new IllegalArgumentException("joiner failed in " + place);
      }
    }

    @Override
    public boolean onFork(Subtask<Object> task) {
      failAt("onFork");
      return where.equals("onFork cancels");
    }

    @Override
    public boolean onComplete(Subtask<Object> task) {
      failAt("onComplete");
      return false;
    }

    @Override
    public void onTimeout() {
      failAt("onTimeout");
    }

    @Override
    public Object result() {
      failAt("result");
      return "result";
    }
  }

  @Test
  void aJoinerThatFailsInOnForkFailsTheFork() throws Exception {
    var ran = new AtomicInteger();
    try (var scope = TaskScope.open(new Failing("onFork"))) {
      assertThatThrownBy(() -> scope.fork(ran::incrementAndGet))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(scope.join()).isEqualTo("result");
    }
    assertThat(ran).hasValue(0);
  }

  @Test
  void aJoinerThatCancelsInOnForkStartsNothing() throws Exception {
    var ran = new AtomicInteger();
    try (var scope = TaskScope.open(new Failing("onFork cancels"))) {
      Subtask<Object> task = scope.fork(ran::incrementAndGet);
      assertThat(scope.join()).isEqualTo("result");
      assertThat(task.state()).isEqualTo(Subtask.State.UNAVAILABLE);
    }
    assertThat(ran).hasValue(0);
  }

  @Test
  void aJoinerThatFailsInOnCompleteCancelsAndIsThrown() throws Exception {
    try (var scope = TaskScope.open(new Failing("onComplete"), o -> o.withName("broken"))) {
      scope.fork(() -> 1);
      scope.fork(() -> Kitchen.waitForEver());
      assertThatThrownBy(scope::join)
          .isInstanceOf(ScopeFailedException.class)
          .hasRootCauseMessage("joiner failed in onComplete");
    }
    Eventually.noThreadIsNamed("broken");
  }

  @Test
  void aJoinerThatFailsInResultOrOnTimeoutIsThrown() throws Exception {
    try (var scope = TaskScope.open(new Failing("result"))) {
      assertThatThrownBy(scope::join).hasRootCauseMessage("joiner failed in result");
    }
    try (var scope =
        TaskScope.open(new Failing("onTimeout"), o -> o.withTimeout(Duration.ofMillis(10)))) {
      scope.fork(() -> Kitchen.waitForEver());
      assertThatThrownBy(scope::join).hasRootCauseMessage("joiner failed in onTimeout");
    }
  }

  @Test
  void aJoinerMayHaveAResultWhenTheTimeIsUp() throws Exception {
    try (var scope =
        TaskScope.open(new Failing("nowhere"), o -> o.withTimeout(Duration.ofMillis(10)))) {
      scope.fork(() -> Kitchen.waitForEver());
      assertThat(scope.join()).isEqualTo("result");
    }
  }

  @Test
  void aJoinerIsToldOfEachTaskOnceAndOfNoneAfterACancel() throws Exception {
    var told = new AtomicInteger();
    Joiner<Object, Object> counting =
        new Joiner<>() {
          @Override
          public boolean onComplete(Subtask<Object> task) {
            return told.incrementAndGet() == 100;
          }

          @Override
          public Object result() {
            return told.get();
          }
        };
    var started = new CountDownLatch(1);
    try (var scope = TaskScope.open(counting)) {
      scope.fork(() -> {
        started.countDown();
        return Kitchen.waitForEver();
      });
      started.await();
      for (int i = 0; i < 100; i++) {
        scope.fork(() -> 1);
      }
      assertThat(scope.join()).isEqualTo(100);
    }
    assertThat(told).hasValue(100);
  }
}
