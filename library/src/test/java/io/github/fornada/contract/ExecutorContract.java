package io.github.fornada.contract;

import static io.github.fornada.contract.PoolUnderTest.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.RunnableTask;
import io.github.fornada.Task;
import io.github.fornada.TaskFunction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What {@link java.util.concurrent.ExecutorService} promises of tasks; its life is elsewhere. */
interface ExecutorContract extends PoolUnderTest {

  @Test
  default void submitOfAFunctionGivesItsResult() throws Exception {
    try (Pool pool = lend(2)) {
      assertThat(get(pool.submit(41, Work::increment))).isEqualTo(42);
      assertThat(get(pool.submit((Integer) null, Work::nothing))).isNull();
    }
  }

  @Test
  default void lambdasAreTasksOfEveryPoolWithoutACast() throws Exception {
    Marks marks = marks();
    try (Pool pool = open(2)) {
      assertThat(get(pool.submit(() -> 42))).isEqualTo(42);
      assertThat(get(pool.submit(() -> marks.set("submitted")))).isNull();
      assertThat(get(pool.submit(() -> marks.set("with a result"), "kept here")))
          .isEqualTo("kept here");
      assertThat(get(pool.submit(System::nanoTime))).isNotNull();
      assertThatThrownBy(() ->
              get(
                  pool.submit(() -> {
                    throw new IOException("thrown by the lambda");
                  })))
          .hasRootCauseInstanceOf(IOException.class);
      pool.execute(() -> marks.set("executed"));
      List<Task<Integer>> tasks = List.of(() -> 1, () -> 2);
      assertThat(pool.invokeAll(tasks)).extracting(Future::resultNow).containsExactly(1, 2);
      assertThat(pool.invokeAny(tasks)).isBetween(1, 2);
    }
    assertThat(marks.all()).containsExactlyInAnyOrder("submitted", "with a result", "executed");
  }

  /** Either the pool runs the task and the future ends, or the caller gets an exception at once. */
  @Test
  default void noTaskOfAnotherServiceStaysOpenForEver() throws Exception {
    try (Pool pool = lend(2)) {
      try {
        var service = new ExecutorCompletionService<Integer>(pool);
        service.submit(() -> 42);
        Future<Integer> ended = service.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(ended).as("a task that was accepted").isNotNull();
        assertThat(ended.get()).isEqualTo(42);
        assertThat(get(CompletableFuture.supplyAsync(() -> 42, pool))).isEqualTo(42);
        assertThat(refusesWhatCannotBeSent(pool)).isFalse();
      } catch (RejectedExecutionException refused) {
        assertThat(refusesWhatCannotBeSent(pool)).isTrue();
        assertThat(refused).hasMessageContaining("use the futures that submit returns");
        assertThatThrownBy(() -> CompletableFuture.supplyAsync(() -> 42, pool))
            .isInstanceOf(RejectedExecutionException.class);
        Callable<Integer> local = () -> 42;
        assertThatThrownBy(() -> pool.invokeAll(List.of(local)))
            .isInstanceOf(RejectedExecutionException.class)
            .hasMessageContaining("declare it as a Task");
        Runnable chore = () -> {};
        assertThatThrownBy(() -> pool.execute(chore))
            .isInstanceOf(RejectedExecutionException.class);
      }
      assertThat(get(pool.submit(1, Work::increment))).isEqualTo(2);
    }
  }

  @Test
  default void submitOfACallableGivesItsResult() throws Exception {
    try (Pool pool = lend(2)) {
      assertThat(get(pool.submit((Task<String>) () -> "done"))).isEqualTo("done");
      assertThat(get(pool.submit((Task<String>) () -> null))).isNull();
    }
  }

  @Test
  default void submitOfARunnableGivesNullOrTheResultGiven() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(2)) {
      assertThat(get(pool.submit((RunnableTask) () -> marks.set("first")))).isNull();
      Object notSerializable = new Object();
      assertThat(get(pool.submit((RunnableTask) () -> marks.set("second"), notSerializable)))
          .isSameAs(notSerializable);
    }
    assertThat(marks.all()).containsExactly("first", "second");
  }

  @Test
  default void executeRunsTheTask() {
    Marks marks = marks();
    try (Pool pool = open(2)) {
      pool.execute((RunnableTask) () -> marks.set("ran"));
    }
    assertThat(marks.times("ran")).isEqualTo(1);
  }

  @Test
  @ResourceLock("the default uncaught exception handler")
  default void whatAnExecutedTaskThrowsGoesToTheUncaughtExceptionHandler() throws Exception {
    var seen = new LinkedBlockingQueue<Throwable>();
    var before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> seen.add(thrown));
    try (Pool pool = lend(1)) {
      pool.execute(
          (RunnableTask)
              () -> {
                throw new IllegalStateException("uncaught");
              });
      Throwable thrown;
      do { // the handler hears of what tests beside this one throw, too
        thrown = seen.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      } while (thrown != null && !"uncaught".equals(thrown.getMessage()));
      assertThat(thrown).isInstanceOf(IllegalStateException.class).hasMessage("uncaught");
      assertThat(get(pool.submit(1, Work::increment))).isEqualTo(2);
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  @Test
  @SuppressWarnings("FutureReturnValueIgnored") // there is none
  default void nullIsRefused() {
    try (Pool pool = lend(1)) {
      assertThatThrownBy(() -> pool.execute(null)).isInstanceOf(NullPointerException.class);
      List<Callable<?>> calls =
          List.of(
              () -> pool.submit((Runnable) null),
              () -> pool.submit((Task<String>) null),
              () -> pool.submit((Runnable) null, "result"),
              () -> pool.submit("item", (TaskFunction<String, String>) null),
              () -> pool.outcomes(null, Work::nothing),
              () -> pool.outcomes(List.of(), null),
              () -> pool.completions(null, Work::nothing),
              () -> pool.mapping(null));
      for (Callable<?> call : calls) {
        assertThatThrownBy(call::call).isInstanceOf(NullPointerException.class);
      }
      assertThatThrownBy(() -> pool.map(null, Work::nothing))
          .isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> pool.map(List.of(), null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> pool.invokeAll(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> pool.invokeAny(null)).isInstanceOf(NullPointerException.class);
      var withNull = new ArrayList<Task<String>>();
      withNull.add(null);
      assertThatThrownBy(() -> pool.invokeAll(withNull)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> pool.invokeAny(withNull)).isInstanceOf(NullPointerException.class);
    }
  }

  @Test
  default void whatATaskThrowsIsTheCauseOfTheExecutionException() {
    try (Pool pool = lend(1)) {
      Future<String> checked =
          pool.submit(
              (Task<String>)
                  () -> {
                    throw new IOException("disk");
                  });
      assertThatThrownBy(checked::get)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(IOException.class)
          .hasMessage("disk");
      Future<String> error =
          pool.submit(
              (Task<String>)
                  () -> {
                    throw new LinkageError("class");
                  });
      assertThatThrownBy(error::get)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(LinkageError.class)
          .hasMessage("class");
      Future<String> cancellation =
          pool.submit(
              (Task<String>)
                  () -> {
                    throw new CancellationException("of something else");
                  });
      assertThatThrownBy(cancellation::get)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(CancellationException.class)
          .hasMessage("of something else");
      assertThat(cancellation.isCancelled()).isFalse();
    }
  }

  @Test
  default void getWithATimeOutThrowsAndLeavesTheTaskAlone() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(1)) {
      var busy = PoolUnderTest.occupy(pool, marks);
      assertThatThrownBy(() -> busy.get(10, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
      marks.set("go");
      assertThat(get(busy)).isEqualTo("worker");
    }
  }

  // ---- many at once

  @Test
  default void invokeAllGivesDoneFuturesInOrder() throws Exception {
    try (Pool pool = lend(2)) {
      List<Task<Integer>> jobs =
          List.of(
              () -> 1,
              () -> {
                throw new IOException("two");
              },
              () -> 3);
      List<Future<Integer>> futures = pool.invokeAll(jobs);
      assertThat(futures)
          .extracting(Future::state)
          .containsExactly(Future.State.SUCCESS, Future.State.FAILED, Future.State.SUCCESS);
      assertThat(futures.get(0).resultNow()).isEqualTo(1);
      assertThat(futures.get(2).resultNow()).isEqualTo(3);
      assertThat(pool.invokeAll(List.<Task<Integer>>of())).isEmpty();
    }
  }

  @Test
  default void invokeAllCancelsWhatIsNotDoneInTime() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(1)) {
      get(pool.submit(1, Work::increment)); // workers are up
      List<Task<String>> jobs =
          List.of(
              () -> {
                marks.await("never");
                return "first";
              },
              () -> "second");
      List<Future<String>> futures = pool.invokeAll(jobs, 100, TimeUnit.MILLISECONDS);
      assertThat(futures).hasSize(2);
      assertThat(futures.getFirst().isCancelled()).isTrue();
      assertThat(futures).allMatch(Future::isDone);
      assertThat(get(pool.submit(1, Work::increment))).isEqualTo(2);
    }
  }

  @Test
  default void anInterruptOfInvokeAllCancelsItsTasks() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(1)) {
      List<Task<String>> jobs =
          List.of(() -> {
            marks.set("began");
            try {
              marks.await("never");
            } catch (InterruptedException e) {
              marks.set("interrupted");
            }
            return "";
          });
      var thrown = new AtomicReference<Throwable>();
      Thread caller =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  pool.invokeAll(jobs);
                } catch (Throwable e) {
                  thrown.set(e);
                }
              });
      marks.await("began");
      caller.interrupt();
      assertThat(caller.join(PATIENCE)).isTrue();
      assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
      marks.await("interrupted");
    }
  }

  @Test
  default void invokeAnyGivesOneResultAndCancelsTheRest() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(2)) {
      List<Task<String>> jobs =
          List.of(
              () -> {
                throw new IOException("not me");
              },
              () -> "me",
              () -> {
                marks.await("never");
                return "nor me";
              });
      assertThat(pool.invokeAny(jobs)).isEqualTo("me");
      assertThat(pool.invokeAny(jobs, PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("me");
    } // closes only if the third was cancelled
  }

  @Test
  default void invokeAnyThrowsTheFailureIfNoneIsDone() {
    try (Pool pool = lend(2)) {
      Task<String> failing =
          () -> {
            throw new IOException("disk");
          };
      assertThatThrownBy(() -> pool.invokeAny(List.of(failing, failing)))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(IOException.class);
      assertThatThrownBy(() -> pool.invokeAny(List.<Task<String>>of()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  default void invokeAnyTimesOut() {
    Marks marks = marks();
    try (Pool pool = open(1)) {
      Task<String> slow =
          () -> {
            marks.await("never");
            return "";
          };
      assertThatThrownBy(() -> pool.invokeAny(List.of(slow), 50, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
    } // closes only if the task was cancelled
  }

  // ---- cancel

  @Test
  default void aTaskCancelledBeforeItsStartNeverRuns() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(1)) {
      var busy = PoolUnderTest.occupy(pool, marks);
      Future<?> waiting = pool.submit((RunnableTask) () -> marks.set("ran"));
      assertThat(waiting.cancel(true)).isTrue();
      assertThat(waiting.isCancelled()).isTrue();
      assertThat(waiting.isDone()).isTrue();
      assertThat(waiting.cancel(true)).as("a second time").isTrue(); // as CompletableFuture has it
      assertThatThrownBy(waiting::get).isInstanceOf(CancellationException.class);
      marks.set("go");
      get(busy);
      assertThat(get(pool.submit(1, Work::increment))).isEqualTo(2);
    }
    assertThat(marks.has("ran")).isFalse();
  }

  @Test
  default void cancelWithInterruptReachesTheRunningTaskAndNoOther() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(1)) {
      Future<?> running =
          pool.submit(
              (RunnableTask)
                  () -> {
                    marks.set("began");
                    try {
                      marks.await("never");
                    } catch (InterruptedException e) {
                      marks.set("interrupted");
                    }
                  });
      marks.await("began");
      assertThat(running.cancel(true)).isTrue();
      marks.await("interrupted");
      assertThat(get(pool.submit((Task<Boolean>) Thread::interrupted))).isFalse();
    }
  }

  @Test
  default void cancelWithoutInterruptLetsTheRunningTaskEnd() throws Exception {
    Marks marks = marks();
    try (Pool pool = open(1)) {
      Future<?> running =
          pool.submit(
              (RunnableTask)
                  () -> {
                    marks.set("began");
                    try {
                      marks.await("go");
                      marks.set("ended");
                    } catch (InterruptedException e) {
                      marks.set("interrupted");
                    }
                  });
      marks.await("began");
      assertThat(running.cancel(false)).isTrue();
      assertThat(running.isCancelled()).isTrue();
      marks.set("go");
    }
    assertThat(marks.has("ended")).isTrue();
    assertThat(marks.has("interrupted")).isFalse();
  }

  @Test
  default void aDoneTaskCannotBeCancelled() throws Exception {
    try (Pool pool = lend(1)) {
      var done = pool.submit(1, Work::increment);
      get(done);
      assertThat(done.cancel(true)).isFalse();
      assertThat(done.isCancelled()).isFalse();
      assertThat(done.resultNow()).isEqualTo(2);
    }
  }

  @Test
  default void cancelsThatRaceTheEndOfTheirTasksNeverInterruptTheNext() throws Exception {
    try (Pool pool = lend(1)) {
      for (int i = 0; i < 500; i++) {
        var victim = pool.submit(i, Work::increment);
        var next = pool.submit((Task<Boolean>) Thread::interrupted);
        if (i % 2 == 0) {
          for (int spin = 0; spin < i; spin++) {
            Thread.onSpinWait();
          }
        }
        victim.cancel(true);
        assertThat(get(next)).as("interrupted in round %d", i).isFalse();
      }
    }
  }
}
