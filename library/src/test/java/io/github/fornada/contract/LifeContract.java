package io.github.fornada.contract;

import static io.github.fornada.contract.PoolUnderTest.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.RunnableTask;
import io.github.fornada.Task;
import io.github.fornada.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** How a pool ends. */
interface LifeContract extends PoolUnderTest {
  /** Races are run this often: a compromise between finding them and patience. */
  int ROUNDS = 30;

  @Test
  default void aPoolThatWasNeverUsedCloses() {
    Pool pool = open(2);
    assertThat(pool.isShutdown()).isFalse();
    assertThat(pool.isTerminated()).isFalse();
    pool.close();
    assertThat(pool.isShutdown()).isTrue();
    assertThat(pool.isTerminated()).isTrue();
    pool.close();
    assertThat(pool.shutdownNow()).isEmpty();
    assertThat(pool.isTerminated()).isTrue();
  }

  @Test
  @SuppressWarnings("FutureReturnValueIgnored") // there is none
  default void afterShutdownNewTasksAreRejectedAndOldOnesRun() throws Exception {
    Marks marks = marks();
    Pool pool = open(1);
    var busy = PoolUnderTest.occupy(pool, marks);
    var waiting = pool.submit(1, Work::increment);
    pool.shutdown();
    assertThat(pool.isShutdown()).isTrue();
    assertThat(pool.isTerminated()).isFalse();
    assertThat(pool.awaitTermination(10, TimeUnit.MILLISECONDS)).isFalse();
    assertThatThrownBy(() -> pool.execute((RunnableTask) () -> {}))
        .isInstanceOf(RejectedExecutionException.class);
    List<Callable<?>> calls =
        List.of(
            () -> pool.submit(1, Work::increment),
            () -> pool.submit((Task<String>) () -> ""),
            () -> pool.submit((RunnableTask) () -> {}),
            () -> pool.outcomes(List.of(1), Work::increment),
            () -> pool.completions(List.of(1), Work::increment),
            () -> pool.mapping(Work::increment));
    for (Callable<?> call : calls) {
      assertThatThrownBy(call::call)
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("shut down");
    }
    assertThatThrownBy(() -> pool.map(List.of(1), Work::increment))
        .isInstanceOf(RejectedExecutionException.class);
    assertThatThrownBy(() -> pool.invokeAll(List.of((Task<String>) () -> "")))
        .isInstanceOf(RejectedExecutionException.class);
    marks.set("go");
    PoolUnderTest.awaitTermination(pool);
    assertThat(pool.isTerminated()).isTrue();
    assertThat(busy.resultNow()).isEqualTo("worker");
    assertThat(waiting.resultNow()).isEqualTo(2);
  }

  @Test
  default void shutdownNowInterruptsWhatRunsAndReturnsWhatWaits() throws Exception {
    Marks marks = marks();
    Pool pool = open(1);
    CompletableFuture<?> running =
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
    RunnableTask second = () -> marks.set("second ran");
    var waiting = pool.submit(second);
    var alsoWaiting = pool.submit(1, Work::increment);
    List<Runnable> never = pool.shutdownNow();
    assertThat(never).hasSize(2).contains(second);
    PoolUnderTest.awaitTermination(pool);
    marks.await("interrupted");
    for (CompletableFuture<?> future : List.of(running, waiting, alsoWaiting)) {
      assertThatThrownBy(() -> get(future)).isInstanceOf(CancellationException.class);
    }
    assertThat(marks.has("second ran")).isFalse();
  }

  @Test
  default void shutdownNowStopsTasksWhoseFutureHasEndedBeforeThem() throws Exception {
    List<Consumer<CompletableFuture<?>>> ends =
        List.of(
            future -> future.completeExceptionally(new IllegalStateException("by its user")),
            future -> future.cancel(false),
            future -> future.orTimeout(1, TimeUnit.NANOSECONDS).handle((r, e) -> r).join());
    for (int i = 0; i < ends.size(); i++) {
      Marks marks = marks();
      Pool pool = open(1);
      String began = "began " + i;
      CompletableFuture<?> running =
          pool.submit(
              (RunnableTask)
                  () -> {
                    marks.set(began);
                    try {
                      marks.await("never");
                    } catch (InterruptedException e) {
                      // So it ends.
                    }
                  });
      marks.await(began);
      ends.get(i).accept(running);
      assertThat(running).as("end " + i).isDone();
      pool.shutdownNow();
      PoolUnderTest.awaitTermination(pool);
    }
  }

  @Test
  default void closeWaitsForTheTasks() throws Exception {
    Marks marks = marks();
    Pool pool = open(2);
    var busy = PoolUnderTest.occupy(pool, marks);
    Thread closer = Thread.ofPlatform().start(pool::close);
    Waiting.until("close had begun", pool::isShutdown);
    assertThat(closer.join(java.time.Duration.ofMillis(50))).as("closed already").isFalse();
    marks.set("go");
    assertThat(closer.join(PATIENCE)).isTrue();
    assertThat(busy.resultNow()).isEqualTo("worker");
  }

  @Test
  default void anInterruptOfCloseCancelsWhatRuns() throws Exception {
    Marks marks = marks();
    Pool pool = open(1);
    var busy = PoolUnderTest.occupy(pool, marks);
    var stillInterrupted = new AtomicBoolean();
    Thread closer =
        Thread.ofPlatform()
            .start(() -> {
              pool.close();
              stillInterrupted.set(Thread.currentThread().isInterrupted());
            });
    Waiting.until("close had begun", pool::isShutdown);
    closer.interrupt();
    assertThat(closer.join(PATIENCE)).isTrue();
    assertThat(stillInterrupted).isTrue();
    assertThat(busy.isCancelled()).isTrue();
  }

  @Test
  default void aPoolClosedByTheCallbackOfAFutureEnds() throws Exception {
    Pool pool = open(2);
    get(pool.submit(1, Work::increment).thenRun(pool::close));
    PoolUnderTest.awaitTermination(pool);
  }

  @Test
  default void everyTaskAcceptedWhileThePoolIsShutDownEnds() throws Exception {
    for (int round = 0; round < rounds(); round++) {
      Pool pool = open(2);
      var accepted = new ArrayList<CompletableFuture<Integer>>();
      var begun = new CountDownLatch(1);
      Thread submitter =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  while (true) {
                    accepted.add(pool.submit(accepted.size(), Work::increment));
                    begun.countDown();
                    LockSupport.parkNanos(1000); // it would hold the lock all the time
                  }
                } catch (RejectedExecutionException e) {
                  // As it should be, from some moment on.
                }
              });
      begun.await();
      pool.shutdown();
      assertThat(submitter.join(PATIENCE)).isTrue();
      PoolUnderTest.awaitTermination(pool);
      for (int i = 0; i < accepted.size(); i++) {
        assertThat(accepted.get(i).resultNow()).isEqualTo(i + 1);
      }
    }
  }

  @Test
  default void everyTaskAcceptedWhileThePoolIsShutDownAtOnceEnds() throws Exception {
    for (int round = 0; round < rounds(); round++) {
      Pool pool = open(2);
      var accepted = new ArrayList<CompletableFuture<Integer>>();
      var begun = new CountDownLatch(1);
      Thread submitter =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  while (true) {
                    // Interrupted or never begun: no test waits for the end of these.
                    accepted.add(pool.submit(600_000, Work::sleep));
                    begun.countDown();
                    LockSupport.parkNanos(1000); // it would hold the lock all the time
                  }
                } catch (RejectedExecutionException e) {
                  // As it should be, from some moment on.
                }
              });
      begun.await();
      pool.shutdownNow();
      assertThat(submitter.join(PATIENCE)).isTrue();
      PoolUnderTest.awaitTermination(pool);
      assertThat(accepted).allMatch(CompletableFuture::isCancelled);
    }
  }

  /** Returns the number of rounds; fewer where opening a pool is costly. */
  default int rounds() {
    return ROUNDS;
  }

  @Test
  default void aStormOfCancelsLeavesThePoolUsable() throws Exception {
    try (Pool pool = lend(2)) {
      var futures = new ArrayList<CompletableFuture<Integer>>();
      for (int i = 0; i < 2000; i++) {
        futures.add(pool.submit(i % 3, Work::sleep));
      }
      Thread other =
          Thread.ofPlatform()
              .start(() -> futures.reversed().forEach(future -> future.cancel(true)));
      futures.forEach(future -> future.cancel(true));
      assertThat(other.join(PATIENCE)).isTrue();
      assertThat(futures).allMatch(CompletableFuture::isDone);
      assertThat(get(pool.submit(1, Work::increment))).isEqualTo(2);
      assertThat(pool.map(List.of(1, 2, 3), Work::increment)).containsExactly(2, 3, 4);
    }
  }

  @Test
  default void aHundredBadTasksAndThenAHundredGoodOnesAreAllAnswered() throws Exception {
    try (Pool pool = lend(2)) {
      var bad = new ArrayList<CompletableFuture<Integer>>();
      for (int i = 0; i < 100; i++) {
        bad.add(pool.submit(i * 10, Work::noTens));
      }
      var good = new ArrayList<CompletableFuture<Integer>>();
      for (int i = 0; i < 100; i++) {
        good.add(pool.submit(i, Work::increment));
      }
      for (int i = 0; i < 100; i++) {
        CompletableFuture<Integer> future = bad.get(i);
        assertThatThrownBy(() -> get(future)).hasMessageContaining("no " + i * 10);
        assertThat(get(good.get(i))).isEqualTo(i + 1);
      }
    }
  }
}
