package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Waiting;
import io.github.fornada.guide.Kitchen;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Misuse is reported, with what to do, and the tasks are ended nevertheless. */
@Timeout(240)
final class MisuseTest {
  private static Throwable inAnotherThread(ThrowingCallable call) throws InterruptedException {
    var thrown = new AtomicReference<Throwable>();
    Thread.ofVirtual()
        .name("stranger")
        .start(() -> {
          try {
            call.call();
          } catch (Throwable e) {
            thrown.set(e);
          }
        })
        .join();
    return thrown.get();
  }

  @Test
  void aJoinerThatHasServedAScopeIsRefused() {
    for (Joiner<Integer, ?> joiner :
        List.<Joiner<Integer, ?>>of(
            Joiner.allSuccessfulOrThrow(),
            Joiner.anySuccessfulOrThrow(),
            Joiner.awaitAllSuccessfulOrThrow(),
            Joiner.allUntil(task -> false))) {
      TaskScope.open(joiner).close();
      assertThatThrownBy(() -> TaskScope.open(joiner))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("make a new one for each");
    }
  }

  @Test
  void strangersMayNotForkJoinOrClose() throws Exception {
    try (var scope = TaskScope.open(o -> o.withName("mine"))) {
      assertThat(inAnotherThread(() -> scope.fork(() -> 1)))
          .isInstanceOf(WrongThreadException.class)
          .hasMessage(
              "fork was called by thread \"stranger\", but scope \"mine\" belongs to thread \""
                  + Thread.currentThread().getName()
                  + "\", which opened it: a task that wants tasks of its own opens a scope of its"
                  + " own");
      assertThat(inAnotherThread(scope::join)).isInstanceOf(WrongThreadException.class);
      assertThat(inAnotherThread(scope::close)).isInstanceOf(WrongThreadException.class);
      assertThat(scope.join()).as("the scope is as it was").isNull();
    }
  }

  @Test
  void aTaskMayNotForkInItsOwnScope() throws Exception {
    try (var scope = TaskScope.open()) {
      scope.fork(() -> scope.fork(() -> 1));
      assertThatThrownBy(scope::join)
          .isInstanceOf(ScopeFailedException.class)
          .hasCauseInstanceOf(WrongThreadException.class);
    }
  }

  @Test
  void nothingIsForkedAfterJoinOrClose() throws Exception {
    var scope = TaskScope.open(o -> o.withName("over"));
    try (scope) {
      scope.join();
      assertThatThrownBy(() -> scope.fork(() -> 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "scope \"over\" was joined and takes no more tasks: fork before join, or open another"
                  + " scope");
      assertThatThrownBy(scope::join).hasMessageContaining("was joined before");
    }
    assertThatThrownBy(() -> scope.fork(() -> 1))
        .hasMessage("scope \"over\" is closed and takes no more tasks: open another one");
    assertThatThrownBy(scope::join).hasMessageContaining("is closed");
    scope.close(); // the second time does nothing
  }

  @Test
  void resultsMayNotBeAskedForBeforeTheJoin() throws Exception {
    try (var scope = TaskScope.open()) {
      Subtask<Integer> task = scope.fork("sum", () -> 1);
      Waiting.until("done", () -> task.state() == Subtask.State.SUCCESS);
      assertThatThrownBy(task::get)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("was not joined: call join before");
      assertThatThrownBy(task::outcome).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(task::exception).isInstanceOf(IllegalStateException.class);
      scope.join();
      assertThat(task.get()).isEqualTo(1);
      assertThatThrownBy(task::exception).hasMessageContaining("it succeeded");
    }
  }

  @Test
  void aCloseWithoutAJoinCancelsWaitsAndTells() {
    var interrupted = new AtomicBoolean();
    var started = new CountDownLatch(1);
    assertThatThrownBy(
            () -> {
              try (var scope = TaskScope.open(o -> o.withName("unjoined"))) {
                scope.fork(() -> {
                  started.countDown();
                  try {
                    return Kitchen.waitForEver();
                  } catch (InterruptedException e) {
                    interrupted.set(true);
                    throw e;
                  }
                });
                started.await();
              }
            })
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("scope \"unjoined\" was closed without a join");
    assertThat(interrupted).isTrue();
    assertThat(TaskScope.dump()).doesNotContain("unjoined");
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker")
  void scopesClosedOutOfOrderAreAllClosed() throws Exception {
    var outer = TaskScope.open(o -> o.withName("outer"));
    var middle = TaskScope.open(o -> o.withName("middle"));
    var inner = TaskScope.open(o -> o.withName("inner"));
    inner.fork(() -> Kitchen.waitForEver());
    assertThatThrownBy(outer::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "scope \"outer\" was closed before scope \"inner\", scope \"middle\", opened within it"
                + " and closed with it: use try-with-resources, so that scopes close in order");
    middle.close();
    inner.close();
    assertThatThrownBy(() -> inner.fork(() -> 1)).hasMessageContaining("is closed");
    try (var after = TaskScope.open()) {
      assertThat(after.outer).as("nothing is left in the thread").isNull();
    }
    Eventually.noThreadIsNamed("inner");
  }

  @Test
  void aTaskThatLeavesAScopeOpenFailsAndTheScopeIsClosed() throws Exception {
    try (var scope = TaskScope.open(o -> o.withName("tidy"))) {
      scope.fork(
          "careless",
          () -> {
            var leaked = TaskScope.open(o -> o.withName("leaked"));
            leaked.fork(() -> Kitchen.waitForEver());
            return 1;
          });
      assertThatThrownBy(scope::join)
          .hasMessageContaining(
              "the task \"careless\" has ended without closing scope \"leaked\", which it opened");
    }
    Eventually.noThreadIsNamed("leaked");
  }

  @Test
  void theScopesOfAThreadThatEndedAreCancelled() throws Exception {
    Thread.ofVirtual()
        .start(() -> {
          var forgotten = TaskScope.open(o -> o.withName("forgotten"));
          forgotten.fork(() -> Kitchen.waitForEver());
        })
        .join();
    Eventually.noThreadIsNamed("forgotten");
    Waiting.until("it is in no dump", () -> !TaskScope.dump().contains("forgotten"));
  }

  @Test
  void aJoinerThatClosesItsScopeInOnForkStartsNothing() {
    joinerThatEndsItsScope(TaskScope::close, "is closed");
  }

  @Test
  void aJoinerThatJoinsItsScopeInOnForkStartsNothing() {
    joinerThatEndsItsScope(TaskScope::join, "was joined");
  }

  private interface Ending {
    void end(TaskScope<Object, Object> scope) throws Exception;
  }

  private static void joinerThatEndsItsScope(Ending ending, String told) {
    var opened = new AtomicReference<TaskScope<Object, Object>>();
    var started = new AtomicBoolean();
    var joiner =
        new Joiner<Object, Object>() {
          @Override
          public boolean onFork(Subtask<Object> task) {
            try {
              ending.end(opened.get());
            } catch (Exception e) {
              throw new IllegalArgumentException(e);
            }
            return false;
          }

          @Override
          public Object result() {
            return "";
          }
        };
    try (TaskScope<Object, Object> scope = TaskScope.<Object, Object>open(joiner)) {
      opened.set(scope);
      assertThatThrownBy(() -> scope.fork(() -> started.getAndSet(true)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(told + " and takes no more tasks");
    }
    assertThat(started).isFalse();
  }
}
