package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.TaskException;
import io.github.fornada.Waiting;
import io.github.fornada.guide.Kitchen;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a scope promises about results, failures and its end. */
@Timeout(240)
final class TaskScopeTest {
  @Test
  void tasksOfDifferentTypesAreJoinedAndAsked() throws Exception {
    try (var scope = TaskScope.open()) {
      Subtask<String> name = scope.fork("name", () -> "ana");
      Subtask<Integer> age = scope.fork(() -> 42);
      Subtask<?> nothing = scope.fork(() -> {});
      assertThat(scope.join()).isNull();
      assertThat(name.get()).isEqualTo("ana");
      assertThat(age.get()).isEqualTo(42);
      assertThat(nothing.get()).isNull();
      assertThat(name.state()).isEqualTo(Subtask.State.SUCCESS);
      assertThat(name.outcome()).isEqualTo(new Outcome.Done<>("ana"));
      assertThat(name.purpose()).isEqualTo("name");
      assertThat(age.purpose()).isEmpty();
    }
  }

  /**
   * The cancelling thread is delayed, before it reaches the older task, by the thread of the
   * younger one.
   */
  @Test
  void aResultAfterTheCancelDoesNotCountEvenIfTheInterruptHasNotCome() throws Exception {
    var go = new CountDownLatch(1);
    var started = new CountDownLatch(2);
    var told = new AtomicInteger();
    var older = new AtomicReference<Thread>();
    ThreadFactory factory =
        task -> {
          Thread made =
              new Thread(task) {
                @Override
                public void interrupt() {
                  if (this != older.get()) {
                    go.countDown();
                    Waiting.until("the older one has ended", () -> !older.get().isAlive());
                  }
                  super.interrupt();
                }
              };
          older.compareAndSet(null, made);
          return made;
        };
    Joiner<Object, List<Subtask<Object>>> joiner =
        Joiner.allUntil(task -> {
          told.incrementAndGet();
          return false;
        });
    try (var scope = TaskScope.open(joiner, o -> o.withThreadFactory(factory))) {
      Subtask<Object> result =
          scope.fork(() -> {
            started.countDown();
            go.await();
            return "late";
          });
      Subtask<Object> younger =
          scope.fork(() -> {
            started.countDown();
            return Kitchen.waitForEver();
          });
      started.await();
      scope.cancel();
      assertThat(scope.join()).containsExactly(result, younger);
      assertThat(result.state()).isEqualTo(Subtask.State.UNAVAILABLE);
      assertThat(result.outcome()).isEqualTo(new Outcome.Cancelled<>("its scope was cancelled"));
    }
    assertThat(told).hasValue(0);
  }

  @Test
  void aThreadThatTheFactoryHasStartedIsRefusedAndRunsNothing() throws Exception {
    var runs = new AtomicInteger();
    ThreadFactory started =
        task -> {
          Thread thread = Thread.ofPlatform().start(task);
          try {
            assertThat(thread.join(Waiting.DEADLINE)).isTrue();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          return thread;
        };
    try (var scope = TaskScope.open(o -> o.withThreadFactory(started))) {
      assertThatThrownBy(() -> scope.fork(runs::incrementAndGet))
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("returned a thread that was started already");
      scope.join(); // and nothing is waited for
    }
    assertThat(runs).hasValue(0);
  }

  /** Starts, and then says that it has not. */
  static final class Lying extends Thread {
    Lying(Runnable task) {
      super(task);
    }

    @Override
    public void start() {
      super.start();
      throw new IllegalStateException("it does not start");
    }
  }

  @Test
  void aThreadWhoseStartThrowsIsWaitedForIfItRunsAllTheSame() throws Exception {
    try (var scope = TaskScope.open(o -> o.withThreadFactory(Lying::new))) {
      assertThatThrownBy(() -> scope.fork(() -> 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("it does not start");
      scope.join();
    }
  }

  /** The first interrupt of it fails for want of memory. */
  private static final class ShortOfMemory extends Thread {
    private final AtomicBoolean hasFailed = new AtomicBoolean();

    ShortOfMemory(Runnable body) {
      super(body);
    }

    @Override
    public void interrupt() {
      if (!hasFailed.getAndSet(true)) {
        throw new OutOfMemoryError("Java heap space");
      }
      super.interrupt();
    }
  }

  @Test
  void aFailureCancelsAllOtherTasksThoughTheHeapIsFullForAMoment() throws Exception {
    int others = 3;
    var begun = new CountDownLatch(others);
    var release = new CountDownLatch(1);
    var interrupted = new AtomicInteger();
    try (var scope = TaskScope.open(o -> o.withThreadFactory(ShortOfMemory::new))) {
      for (int i = 0; i < others; i++) {
        scope.fork(() -> {
          begun.countDown();
          try {
            release.await();
          } catch (InterruptedException e) {
            interrupted.incrementAndGet();
          }
          return 1;
        });
      }
      begun.await();
      scope.fork(() -> {
        throw new IOException("planted");
      });
      try {
        assertThatThrownBy(scope::join).hasRootCauseMessage("planted");
        Waiting.until("all were interrupted", () -> interrupted.get() == others);
      } finally {
        release.countDown();
      }
    }
  }

  @Test
  void aScopeWithoutTasksJoinsAtOnceAndNeedNotJoin() throws Exception {
    try (var scope = TaskScope.open()) {
      assertThat(scope.join()).isNull();
    }
    TaskScope.open().close();
  }

  @Test
  void eachTaskHasAVirtualThreadOfItsOwnNamedByScopeAndPurpose() throws Exception {
    try (var scope =
        TaskScope.open(Joiner.<Thread>allSuccessfulOrThrow(), o -> o.withName("page"))) {
      scope.fork("user 7", Thread::currentThread);
      scope.fork(Thread::currentThread);
      List<Thread> threads = scope.join();
      assertThat(threads).doesNotHaveDuplicates().allMatch(Thread::isVirtual);
      assertThat(threads).extracting(Thread::getName).containsExactly("page/user 7", "page");
    }
  }

  @Test
  void theFirstFailureCancelsTheOthersAndIsThrown() throws Exception {
    var interrupted = new AtomicBoolean();
    var started = new CountDownLatch(1);
    var failure = new IOException("no route");
    try (var scope = TaskScope.open(o -> o.withName("page"))) {
      Subtask<Object> waiting =
          scope.fork(
              "waiting",
              () -> {
                started.countDown();
                try {
                  return Kitchen.waitForEver();
                } catch (InterruptedException e) {
                  interrupted.set(true);
                  throw e;
                }
              });
      Subtask<Object> failing =
          scope.fork(
              "fetch",
              () -> {
                started.await();
                throw failure;
              });
      assertThatThrownBy(scope::join)
          .isInstanceOf(ScopeFailedException.class)
          .isInstanceOf(TaskException.class)
          .hasMessage("the task \"fetch\" of scope \"page\" failed: java.io.IOException: no route")
          .hasCause(failure)
          .hasNoSuppressedExceptions();
      assertThat(scope.isCancelled()).isTrue();
      assertThat(failing.state()).isEqualTo(Subtask.State.FAILED);
      assertThat(failing.exception()).isSameAs(failure);
      assertThat(failing.outcome()).isEqualTo(new Outcome.Failed<>(failure));
      assertThat(waiting.state()).isEqualTo(Subtask.State.UNAVAILABLE);
      assertThat(waiting.outcome())
          .isEqualTo(new Outcome.Cancelled<>("another task of its scope failed first"));
      assertThatThrownBy(failing::get).isInstanceOf(IllegalStateException.class).hasCause(failure);
      assertThatThrownBy(waiting::get).hasMessageContaining("another task of its scope failed");
      assertThatThrownBy(waiting::exception).isInstanceOf(IllegalStateException.class);
    }
    assertThat(interrupted).isTrue();
  }

  @Test
  void otherFailuresAreSuppressed() throws Exception {
    var bothRun = new CountDownLatch(2);
    Callable<Object> failing =
        () -> {
          bothRun.countDown();
          bothRun.await();
          throw new IOException("one of two");
        };
    ScopeFailedException thrown = null;
    try (var scope = TaskScope.open(new CollectThenThrow())) {
      scope.fork(failing);
      scope.fork(failing);
      scope.join();
    } catch (ScopeFailedException e) {
      thrown = e;
    }
    assertThat(thrown).hasCauseInstanceOf(IOException.class);
    assertThat(thrown.getSuppressed())
        .hasSize(1)
        .doesNotContain(thrown.getCause())
        .hasOnlyElementsOfType(IOException.class);
  }

  /** Lets all come to their end, and throws the first failure then. */
  private static final class CollectThenThrow implements Joiner<Object, Object> {
    private final AtomicReference<Throwable> first = new AtomicReference<>();

    @Override
    public boolean onComplete(Subtask<Object> task) {
      first.compareAndSet(null, task.exception());
      return false;
    }

    @Override
    public Object result() throws Throwable {
      throw first.get();
    }
  }

  @Test
  void whatACancelledTaskThrowsOfItsOwnIsNotLost() throws Exception {
    var started = new CountDownLatch(1);
    var cleanup = new IOException("the file could not be closed");
    ScopeFailedException thrown = null;
    try (var scope = TaskScope.open()) {
      scope.fork(() -> {
        started.countDown();
        try {
          return Kitchen.waitForEver();
        } catch (InterruptedException e) {
          throw cleanup;
        }
      });
      scope.fork(() -> {
        started.await();
        throw new IllegalArgumentException("bad");
      });
      scope.join();
    } catch (ScopeFailedException e) {
      thrown = e;
    }
    assertThat(thrown).hasCauseInstanceOf(IllegalArgumentException.class);
    assertThat(thrown.getSuppressed()).containsExactly(cleanup);
  }

  @Test
  void errorsFailATaskAsExceptionsDo() throws Exception {
    try (var scope = TaskScope.open(Joiner.<Object>outcomes())) {
      scope.fork(() -> deeper(0));
      scope.fork(() -> {
        throw new AssertionError("wrong");
      });
      assertThat(scope.join())
          .hasSize(2)
          .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.Failed.class));
    }
  }

  @SuppressWarnings("InfiniteRecursion")
  private static int deeper(int depth) {
    return deeper(depth + 1) + 1;
  }

  @Test
  void cancelInterruptsAndStartsNoMore() throws Exception {
    var ran = new AtomicInteger();
    try (var scope = TaskScope.open()) {
      Subtask<Object> first = scope.fork(() -> Kitchen.waitForEver());
      scope.cancel();
      scope.cancel();
      Subtask<Integer> second = scope.fork(ran::incrementAndGet);
      assertThat(scope.join()).as("to cancel is not to fail").isNull();
      assertThat(first.outcome()).isEqualTo(new Outcome.Cancelled<>("its scope was cancelled"));
      assertThat(second.state()).isEqualTo(Subtask.State.UNAVAILABLE);
    }
    assertThat(ran).hasValue(0);
  }

  @Test
  void cancelMayComeFromATaskOrAnyOtherThread() throws Exception {
    try (var scope = TaskScope.open(Joiner.<Object>awaitAll())) {
      scope.fork(() -> Kitchen.waitForEver());
      scope.fork(() -> {
        scope.cancel();
        return null;
      });
      scope.join();
    }
    try (var scope = TaskScope.open(Joiner.<Object>awaitAll())) {
      scope.fork(() -> Kitchen.waitForEver());
      Thread stranger = Thread.startVirtualThread(scope::cancel);
      scope.join();
      stranger.join();
    }
  }

  @Test
  void listsNeedAllResultsSoACancelIsThrown() throws Exception {
    try (var scope = TaskScope.open(Joiner.<Object>allSuccessfulOrThrow())) {
      scope.fork("a", () -> Kitchen.waitForEver());
      scope.cancel();
      assertThatThrownBy(scope::join)
          .isInstanceOf(ScopeFailedException.class)
          .hasCauseInstanceOf(CancellationException.class)
          .hasMessageContaining("the task \"a\"");
    }
  }

  @Test
  void anInterruptOfTheOwnerCancelsAll() throws Exception {
    var interrupted = new CountDownLatch(3);
    var started = new CountDownLatch(3);
    var thrown = new AtomicReference<Throwable>();
    Thread owner =
        Thread.startVirtualThread(() -> {
          try (var scope = TaskScope.open(o -> o.withName("interrupted"))) {
            for (int i = 0; i < 3; i++) {
              scope.fork(() -> {
                started.countDown();
                try {
                  return Kitchen.waitForEver();
                } catch (InterruptedException e) {
                  interrupted.countDown();
                  throw e;
                }
              });
            }
            scope.join();
          } catch (Throwable e) {
            thrown.set(e);
          }
        });
    started.await();
    owner.interrupt();
    owner.join();
    assertThat(interrupted.getCount()).isZero();
    assertThat(thrown.get())
        .isInstanceOf(InterruptedException.class)
        .hasMessageContaining("interrupted");
    Eventually.noThreadIsNamed("interrupted");
  }

  @Test
  void anOwnerThatIsInterruptedBeforeItJoinsDoesNotJoin() {
    try (var scope = TaskScope.open()) {
      scope.fork(() -> Kitchen.waitForEver());
      Thread.currentThread().interrupt();
      assertThatThrownBy(scope::join).isInstanceOf(InterruptedException.class);
      assertThat(Thread.interrupted()).isFalse();
      assertThat(scope.isCancelled()).isTrue();
    }
  }

  @Test
  void closeWaitsForDeafTasksAndKeepsTheInterrupt() throws Exception {
    var mayEnd = new AtomicBoolean();
    var began = new CountDownLatch(1);
    var ended = new AtomicBoolean();
    var endedBeforeClose = new AtomicBoolean();
    var stillInterrupted = new AtomicBoolean();
    Thread owner =
        Thread.startVirtualThread(() -> {
          try (var scope = TaskScope.open(Joiner.<Object>awaitAll())) {
            scope.fork(() -> {
              began.countDown();
              while (!mayEnd.get()) {
                LockSupport.parkNanos(1_000_000); // ignores interrupts
              }
              ended.set(true);
            });
            began.await();
            scope.cancel();
            scope.join();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          } finally {
            endedBeforeClose.set(ended.get());
            stillInterrupted.set(Thread.currentThread().isInterrupted());
          }
        });
    Waiting.until(
        "the owner closes",
        () ->
            Arrays.stream(owner.getStackTrace()).anyMatch(f -> f.getMethodName().equals("close")));
    owner.interrupt();
    assertThat(owner.join(Duration.ofMillis(20))).as("close goes on waiting").isFalse();
    mayEnd.set(true);
    assertThat(owner.join(Eventually.PATIENCE)).isTrue();
    assertThat(endedBeforeClose).isTrue();
    assertThat(stillInterrupted).isTrue();
  }

  @Test
  void aTaskMayOpenAScopeOfItsOwn() throws Exception {
    try (var scope = TaskScope.open(Joiner.<Integer>allSuccessfulOrThrow())) {
      for (int i = 0; i < 10; i++) {
        int n = i;
        scope.fork(() -> {
          try (var inner = TaskScope.open(Joiner.<Integer>allSuccessfulOrThrow())) {
            for (int k = 0; k <= n; k++) {
              int value = k;
              inner.fork(() -> value);
            }
            return inner.join().stream().mapToInt(v -> v).sum();
          }
        });
      }
      assertThat(scope.join()).containsExactly(0, 1, 3, 6, 10, 15, 21, 28, 36, 45);
    }
  }

  @Test
  void aFailureReachesTasksOfScopesWithinScopes() throws Exception {
    var interrupted = new AtomicInteger();
    var started = new CountDownLatch(1);
    try (var scope = TaskScope.open(o -> o.withName("levels"))) {
      scope.fork(() -> nest(5, started, interrupted));
      scope.fork(() -> {
        started.await();
        throw new IOException("outermost");
      });
      assertThatThrownBy(scope::join).hasCauseInstanceOf(IOException.class);
    }
    assertThat(interrupted).hasValue(6);
    Eventually.noThreadIsNamed("levels");
  }

  private static int nest(int levels, CountDownLatch innermost, AtomicInteger interrupted)
      throws Exception {
    try (var scope = TaskScope.open(Joiner.<Integer>anySuccessfulOrThrow())) {
      scope.fork(() -> {
        if (levels > 1) {
          return nest(levels - 1, innermost, interrupted);
        }
        innermost.countDown();
        try {
          return Kitchen.waitForEver();
        } catch (InterruptedException e) {
          interrupted.incrementAndGet();
          throw e;
        }
      });
      return scope.join();
    } catch (InterruptedException e) {
      interrupted.incrementAndGet();
      throw e;
    }
  }

  @Test
  void platformThreadsDoAsWell() throws Exception {
    try (var scope =
        TaskScope.open(
            Joiner.<Boolean>allSuccessfulOrThrow(),
            o -> o.withThreadFactory(Thread.ofPlatform().name("mine-", 0).factory()))) {
      scope.fork(() -> Thread.currentThread().isVirtual());
      scope.fork("b", () -> Thread.currentThread().getName().equals("scope/b"));
      assertThat(scope.join()).containsExactly(false, true);
    }
  }

  @Test
  void aThreadFactoryThatGivesNullIsTold() {
    try (var scope = TaskScope.open(o -> o.withThreadFactory(r -> null))) {
      assertThatThrownBy(() -> scope.fork(() -> 1))
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("returned null");
      scope.cancel(); // so that no join is missed
    }
  }

  @Test
  void aThreadThatFailsBeforeItsTaskFailsTheTask() throws Exception {
    try (var scope =
        TaskScope.open(
            Joiner.<Integer>outcomes(),
            o ->
                o.withThreadFactory(r ->
                    Thread.ofVirtual()
                        .unstarted(() -> {
                          throw new UnsupportedOperationException("no");
                        })))) {
      scope.fork(() -> 1);
      assertThat(scope.join())
          .singleElement()
          .satisfies(outcome ->
              assertThat(((Outcome.Failed<?>) outcome).cause())
                  .isInstanceOf(IllegalStateException.class)
                  .hasCauseInstanceOf(UnsupportedOperationException.class));
    }
  }

  @Test
  void aThreadThatNeverRunsItsTaskFailsTheTask() throws Exception {
    try (var scope =
        TaskScope.open(
            Joiner.<Integer>outcomes(),
            o -> o.withThreadFactory(r -> Thread.ofVirtual().unstarted(() -> {})))) {
      scope.fork(() -> 1);
      assertThat(scope.join())
          .singleElement()
          .satisfies(outcome ->
              assertThat(((Outcome.Failed<?>) outcome).cause())
                  .hasMessageContaining("ended without running the task"));
    }
  }

  @Test
  void endedTasksAreLetGoWhileOthersAreForked() throws Exception {
    int most = 0;
    try (var scope = TaskScope.open(Joiner.<Object>awaitAll())) {
      for (int i = 0; i < 20_000; i++) {
        var done = new CountDownLatch(1);
        scope.fork(done::countDown);
        done.await();
        int linked = 0;
        if (i % 1000 == 0) {
          for (Child<?> c = scope.newest; c != null; c = c.next) {
            linked++;
          }
          most = Math.max(most, linked);
        }
      }
      scope.join();
    }
    assertThat(most).isLessThan(2000);
  }

  @Test
  void optionsSayWhatIsWrongWithThem() {
    assertThatThrownBy(() -> TaskScope.open(o -> o.withName(" ")))
        .hasMessage("name must not be blank, got \" \"");
    assertThatThrownBy(() -> TaskScope.open(o -> o.withTimeout(Duration.ZERO)))
        .hasMessage("timeout must be positive, got PT0S");
  }

  // ---- as the JDK's StructuredTaskScope

  @Test
  void closeAfterOnlyRefusedForksNeedsNoJoin() {
    try (var scope = TaskScope.open(o -> o.withThreadFactory(r -> null))) {
      assertThatThrownBy(() -> scope.fork(() -> 1)).isInstanceOf(RejectedExecutionException.class);
    }
    var refused = new IllegalStateException("planted");
    Joiner<Object, String> joiner =
        new Joiner<>() {
          @Override
          public boolean onFork(Subtask<Object> task) {
            throw refused;
          }

          @Override
          public String result() {
            return "none";
          }
        };
    try (var scope = TaskScope.open(joiner)) {
      assertThatThrownBy(() -> scope.fork(() -> 1)).isSameAs(refused);
    }
  }

  @Test
  void aRefusedForkAfterAnotherStillNeedsAJoin() {
    var threads = new ArrayDeque<Thread.Builder>(List.of(Thread.ofVirtual()));
    TaskScope<Object, Void> scope =
        TaskScope.open(
            Joiner.awaitAll(),
            o ->
                o.withThreadFactory(r -> {
                  Thread.Builder builder = threads.poll();
                  return builder == null ? null : builder.unstarted(r);
                }));
    scope.fork(() -> 1);
    assertThatThrownBy(() -> scope.fork(() -> 2)).isInstanceOf(RejectedExecutionException.class);
    assertThatThrownBy(scope::close).hasMessageContaining("was closed without a join");
  }

  @Test
  void aScopeIsCancelledAfterACloseWithoutAJoinAndNotAfterAJoin() throws Exception {
    TaskScope<Object, Void> unused = TaskScope.open();
    unused.close();
    assertThat(unused.isCancelled()).isTrue();
    TaskScope<Object, Void> joined = TaskScope.open();
    joined.fork(() -> 1);
    joined.join();
    joined.close();
    assertThat(joined.isCancelled()).isFalse();
  }

  @Test
  void listsFromJoinCannotBeChanged() throws Exception {
    isUnmodifiable(Joiner.allSuccessfulOrThrow());
    isUnmodifiable(Joiner.outcomes());
    isUnmodifiable(Joiner.allUntil(_ -> false));
  }

  private static <E> void isUnmodifiable(Joiner<Integer, List<E>> joiner) throws Exception {
    try (var scope = TaskScope.open(joiner)) {
      scope.fork(() -> 1);
      List<E> list = scope.join();
      assertThat(list).hasSize(1);
      assertThatThrownBy(list::clear).isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  void resultsMayBeNull() throws Exception {
    try (var scope = TaskScope.open(Joiner.<String>allSuccessfulOrThrow())) {
      Subtask<String> first = scope.fork(() -> {});
      Subtask<String> second = scope.fork("second", () -> {});
      assertThat(scope.join()).containsExactly(null, null);
      assertThat(first.get()).isNull();
      assertThat(second.get()).isNull();
    }
  }

  @Test
  void theDefaultsOfAJoinerRefuseTasksInTheWrongState() throws Exception {
    Joiner<Integer, String> joiner = () -> "result";
    var ends = new CountDownLatch(1);
    try (var scope = TaskScope.open(joiner)) {
      Subtask<Integer> task =
          scope.fork(() -> {
            ends.await();
            return 1;
          });
      assertThatThrownBy(() -> joiner.onComplete(task))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("onComplete is for a task that has ended, got a task of scope");
      ends.countDown();
      assertThat(scope.join()).isEqualTo("result");
      assertThatThrownBy(() -> joiner.onFork(task))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("onFork is for a task that has not ended, got a task of scope");
    }
  }
}
