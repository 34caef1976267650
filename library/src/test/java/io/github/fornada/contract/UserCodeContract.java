package io.github.fornada.contract;

import static io.github.fornada.contract.PoolUnderTest.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskException;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.Waiting;
import io.github.fornada.async.TaskScope;
import java.time.Duration;
import java.util.AbstractCollection;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * User code that is not a task: dependents of futures, sources, later stages of a stream. Whatever
 * it does, the pool serves its other callers and can be closed.
 */
interface UserCodeContract extends PoolUnderTest {
  /** Short, so that a close that gives up on user code is quick. */
  Duration SHORT_GRACE = Duration.ofMillis(50);

  /** Waits uninterruptibly until the test is over, as code does that ignores interrupts. */
  static void hang(CountDownLatch over) {
    while (true) {
      try {
        over.await();
        return;
      } catch (InterruptedException e) {
        // It ignores these.
      }
    }
  }

  // ---- dependents of futures

  @Test
  default void dependentsMayWaitForTheirOwnPool() throws Exception {
    for (int workers : List.of(1, 2)) {
      try (Pool pool = lend(workers)) {
        var futures = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < 8; i++) {
          futures.add(
              pool.submit(i, Work::increment)
                  .thenApply(x -> pool.submit(x, Work::increment).join()));
        }
        for (int i = 0; i < 8; i++) {
          assertThat(get(futures.get(i))).isEqualTo(i + 2);
        }
        CompletableFuture<Void> all =
            CompletableFuture.allOf(
                IntStream.range(0, 8)
                    .mapToObj(i -> pool.submit(i, Work::increment))
                    .toArray(CompletableFuture[]::new));
        CompletableFuture<Integer> after =
            all.thenApply(x -> pool.submit(1, Work::increment).join());
        assertThat(get(after)).isEqualTo(2);
        CompletableFuture<Integer> failed =
            pool.submit(10, Work::noTens)
                .exceptionally(thrown -> pool.submit(1, Work::increment).join());
        assertThat(get(failed)).isEqualTo(2);
      }
    }
  }

  @Test
  default void dependentsThatHangKeepNoWorkerAndNoCloseWaiting() throws Exception {
    Marks marks = marks();
    var over = new CountDownLatch(1);
    try {
      Pool pool = open(2, policy -> policy.withGrace(SHORT_GRACE));
      var hanging = new ArrayList<CompletableFuture<?>>();
      for (int i = 0; i < 6; i++) {
        String added = "dependent " + i + " was added";
        CompletableFuture<Integer> future =
            pool.submit(
                i,
                x -> {
                  marks.await(added);
                  return x + 1;
                });
        hanging.add(future.thenRun(() -> hang(over))); // later it would run in this thread
        marks.set(added);
        assertThat(get(future)).as("it is done, whatever its dependents do").isEqualTo(i + 1);
      }
      assertThat(pool.map(List.of(1, 2, 3), Work::increment)).containsExactly(2, 3, 4);
      pool.close();
      assertThat(pool.isTerminated()).isTrue();
      assertThat(hanging).noneMatch(CompletableFuture::isDone);
    } finally {
      over.countDown();
    }
  }

  @Test
  default void dependentsOfCancelledAndTimedOutTasksKeepNothingWaiting() throws Exception {
    Waiting.inEnoughTime(Duration.ofMillis(1500), this::dependentsKeepNothingWaitingAfter);
  }

  /** In another thread: if the future is complete already, it hangs in the one that adds it. */
  private static void addOneThatHangs(CompletableFuture<Integer> future, CountDownLatch over) {
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          var _ = future.whenComplete((value, thrown) -> hang(over));
        });
    Waiting.until(
        "it has the dependent", () -> future.getNumberOfDependents() > 0 || future.isDone());
  }

  private void dependentsKeepNothingWaitingAfter(Duration limit) throws Exception {
    var over = new CountDownLatch(1);
    try {
      Pool pool = open(1, policy -> policy.withGrace(SHORT_GRACE).withTimeout(limit));
      CompletableFuture<Integer> late = pool.submit(600_000, Work::sleep);
      addOneThatHangs(late, over);
      assertThatThrownBy(() -> get(late)).hasCauseInstanceOf(TaskTimeoutException.class);
      CompletableFuture<Integer> running = pool.submit(600_000, Work::sleep);
      addOneThatHangs(running, over);
      CompletableFuture<Integer> waiting = pool.submit(1, Work::increment);
      addOneThatHangs(waiting, over);
      pool.shutdownNow();
      PoolUnderTest.awaitTermination(pool);
      for (CompletableFuture<Integer> future : List.of(running, waiting)) {
        Waiting.until("it has ended", future::isDone);
        if (!future.isCancelled()) {
          throw new AssertionError("not cancelled, but " + get(future));
        }
      }
      pool.close();
    } finally {
      over.countDown();
    }
  }

  @Test
  default void closeWaitsForDependentsThatReturnSoon() {
    var sum = new AtomicInteger();
    try (Pool pool = open(2)) {
      for (int i = 0; i < 100; i++) {
        var _ = pool.submit(i, Work::increment).thenAccept(sum::addAndGet);
      }
    }
    assertThat(sum).hasValue(5050);
  }

  /** The dependent comes before, while or after its future is completed. */
  @Test
  default void noDependentIsMissedHoweverLateItComes() throws Exception {
    try (Pool pool = lend(2)) {
      for (int round = 0; round < 300; round++) {
        CompletableFuture<Integer> future = pool.submit(round, Work::increment);
        for (int spin = 0; spin < round * 10; spin++) {
          Thread.onSpinWait();
        }
        CompletableFuture<Integer> dependent = future.thenApply(x -> x + 1);
        CompletableFuture<Void> all = CompletableFuture.allOf(future);
        assertThat(get(dependent)).isEqualTo(round + 2);
        get(all);
        assertThat(future.join()).isEqualTo(round + 1);
      }
    }
  }

  @Test
  default void aFutureCompletedByItsUserWakesAllWhoWait() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(1)) {
      CompletableFuture<String> busy = PoolUnderTest.occupy(pool, marks);
      List<CompletableFuture<String>> futures = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        futures.add(pool.submit("item " + i, String::toString));
      }
      var woken = new ArrayList<Thread>();
      for (CompletableFuture<String> future : futures) {
        woken.add(Thread.ofPlatform().start(future::join));
        woken.add(Thread.ofVirtual().start(() -> future.orTimeout(1, TimeUnit.DAYS).join()));
      }
      assertThat(futures.get(0).complete("other")).isTrue();
      futures.get(1).obtrudeValue("other");
      var _ = futures.get(2).completeAsync(() -> "other");
      var _ = futures.get(3).completeOnTimeout("other", 1, TimeUnit.MILLISECONDS);
      for (Thread thread : woken) {
        assertThat(thread.join(PATIENCE)).isTrue();
      }
      assertThat(futures).allMatch(future -> future.join().equals("other"));
      assertThatThrownBy(() -> busy.completeExceptionally(null))
          .isInstanceOf(NullPointerException.class);
      marks.set("go");
      assertThat(get(busy)).isEqualTo("worker");
    }
  }

  // ---- sources

  @Test
  default void aSlowCollectionKeepsNoOtherCallWaiting() throws Exception {
    var over = new CountDownLatch(1);
    var asked = new CountDownLatch(1);
    List<Integer> slow =
        new AbstractList<>() {
          @Override
          public Integer get(int i) {
            if (i == 2) {
              asked.countDown();
              hang(over);
            }
            return i;
          }

          @Override
          public int size() {
            return 4;
          }
        };
    try (Pool pool = lend(2)) {
      var result = new CompletableFuture<List<Outcome<Integer>>>();
      Thread.ofPlatform()
          .start(() ->
              result.complete(pool.<Integer, Integer>outcomes(slow, Work::increment).toList()));
      assertThat(asked.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(get(pool.submit(1, Work::increment))).isEqualTo(2);
      assertThat(pool.map(List.of(1, 2), Work::increment)).containsExactly(2, 3);
      over.countDown();
      assertThat(get(result)).hasSize(4).allMatch(Outcome::isDone);
    } finally {
      over.countDown();
    }
  }

  @Test
  default void aCollectionMayWaitForThePoolThatReadsIt() throws Exception {
    try (Pool pool = lend(1)) {
      Collection<Integer> waiting =
          new AbstractCollection<>() {
            @Override
            public Iterator<Integer> iterator() {
              return Stream.of(1, 2, 3).map(i -> pool.submit(i, Work::increment).join()).iterator();
            }

            @Override
            public int size() {
              return 3;
            }
          };
      assertThat(pool.<Integer, Integer>outcomes(waiting, Work::increment).toList())
          .containsExactly(new Outcome.Done<>(3), new Outcome.Done<>(4), new Outcome.Done<>(5));
    }
  }

  @Test
  default void aCollectionThatNeverReturnsKeepsNoCloseWaiting() throws Exception {
    var over = new CountDownLatch(1);
    try {
      for (boolean atOnce : List.of(true, false)) {
        var asked = new CountDownLatch(1);
        Collection<Integer> endless =
            new AbstractCollection<>() {
              @Override
              public Iterator<Integer> iterator() {
                asked.countDown();
                hang(over);
                return List.of(1).iterator();
              }

              @Override
              public int size() {
                return 1;
              }
            };
        Pool pool = open(1);
        var thrown = new AtomicReference<Throwable>();
        Thread consumer =
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    assertThat(pool.outcomes(endless, Work::increment).count()).isZero();
                  } catch (Throwable e) {
                    thrown.set(e);
                  }
                });
        assertThat(asked.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        if (atOnce) {
          pool.shutdownNow();
        }
        pool.close();
        assertThat(consumer.join(PATIENCE)).isTrue();
        assertThat(thrown.get()).isInstanceOf(RuntimeException.class);
      }
    } finally {
      over.countDown();
    }
  }

  // ---- later stages

  @Test
  default void aLaterStageThatThrowsStopsWhatAGathererHasBegun() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(2)) {
      boolean alone = pool.workers() == 1;
      assertThatThrownBy(() ->
              Stream.of(0, 1, 2, 3, 4)
                  .gather(
                      pool.mapping((Integer i) -> {
                        if (i == 0) {
                          if (!alone) {
                            marks.await("began");
                          }
                          return i;
                        }
                        marks.set("began");
                        try {
                          marks.await("never");
                        } catch (InterruptedException e) {
                          marks.set("interrupted");
                        }
                        return i;
                      }))
                  .forEach(i -> {
                    throw new IllegalStateException("later stage");
                  }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("later stage");
      if (!alone) {
        marks.await("interrupted");
      }
    } // gives back only a pool whose workers are free
  }

  // ---- slow heads

  @Test
  default void aSlowFirstItemOfAListStopsNoneOfTheOthers() throws Exception {
    Marks marks = marks();
    int items = 200;
    try (Pool pool = open(2, policy -> policy.withWindow(8))) {
      if (pool.workers() == 1) {
        return; // there the others come after it
      }
      var ended = new AtomicBoolean();
      Thread opener =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  Waiting.until("the others ended", () -> marks.times("ended") == items - 1);
                  ended.set(true);
                } finally {
                  marks.set("go");
                }
              });
      List<Outcome<Integer>> outcomes =
          pool.<Integer, Integer>outcomes(
                  IntStream.range(0, items).boxed().toList(),
                  i -> {
                    if (i == 0) {
                      marks.await("go");
                    } else {
                      marks.set("ended");
                    }
                    return i;
                  })
              .toList();
      assertThat(opener.join(PATIENCE)).isTrue();
      assertThat(ended).isTrue();
      assertThat(outcomes).hasSize(items).allMatch(Outcome::isDone);
    }
  }

  /** Has no text. */
  @SuppressWarnings("OverrideThrowableToString") // that is what is tried
  final class Mute extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String toString() {
      throw new IllegalStateException("no text");
    }
  }

  @Test
  default void anExceptionWhoseTextFailsIsTheCauseWhereverItsOutcomeIsAsked() throws Exception {
    try (Pool pool = open(1)) {
      Outcome<Integer> outcome =
          pool.<Integer, Integer>outcomes(
                  List.of(1),
                  i -> {
                    throw new Mute();
                  })
              .toList()
              .getFirst();
      assertThatThrownBy(outcome::get)
          .isInstanceOf(TaskException.class)
          .hasMessageStartingWith("the task failed: ")
          .cause()
          .isNotInstanceOf(IllegalStateException.class);
      assertThat(outcome.toString()).startsWith("Failed[cause=");
    }
  }

  // ---- callers near the end of their stack

  /** A call to a pool. */
  interface PoolCall {
    void make(Pool pool) throws Exception;
  }

  List<PoolCall> CALLS =
      List.of(
          pool -> pool.map(List.of(1, 2), Work::increment),
          pool -> pool.submit(1, Work::increment).get(),
          pool -> pool.outcomes(List.of(1, 2), Work::increment).forEach(Outcome::get));

  /** Recurses without end, and then makes a call in each frame, until some were answered. */
  @SuppressWarnings("InfiniteRecursion") // until the stack is full
  private static int callsFromTheEndOfTheStack(Pool pool, PoolCall call, AtomicInteger answered)
      throws Exception {
    try {
      return callsFromTheEndOfTheStack(pool, call, answered) + 1;
    } catch (StackOverflowError e) {
      call.make(pool);
      answered.incrementAndGet();
      if (answered.get() < 3) {
        throw e;
      }
      return 0;
    }
  }

  @Test
  default void aCallWithoutRoomOnItsStackTakesNothingFromThePool() throws Exception {
    try (Pool pool = open(1)) {
      for (PoolCall call : CALLS) {
        for (int i = 0; i < 300; i++) {
          call.make(pool); // so that no class is loaded where there is no room for that
        }
        for (int round = 0; round < 20; round++) {
          var deep = new CompletableFuture<Integer>();
          var thread =
              new Thread(
                  null,
                  () -> {
                    var answered = new AtomicInteger();
                    try {
                      int _ = callsFromTheEndOfTheStack(pool, call, answered);
                      deep.complete(answered.get());
                    } catch (Throwable e) {
                      deep.completeExceptionally(e);
                    }
                  },
                  "deep",
                  (256 << 10) + round * 1024L);
          thread.setDaemon(true);
          thread.start();
          assertThat(get(deep)).isEqualTo(3);
          assertThat(get(pool.submit(4, Work::increment))).isEqualTo(5);
        }
      }
      var closed = new CompletableFuture<Boolean>();
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            pool.close();
            closed.complete(true);
          });
      assertThat(get(closed)).isTrue();
    }
  }

  // ---- what a task leaves open

  /** Opens a scope, lets a task run in it that only its end stops, and forgets both. */
  static int leavesAScopeOpen(Marks marks) throws InterruptedException {
    TaskScope<Object, ?> scope = TaskScope.open(o -> o.withName(nameOfLeft(marks)));
    var _ =
        scope.fork(() -> {
          try {
            marks.set("runs");
            return Work.sleep(600_000);
          } finally {
            marks.set("stopped");
          }
        });
    marks.await("runs");
    return 1;
  }

  /** A name that no scope of another test has: a dump is of the whole JVM. */
  private static String nameOfLeft(Marks marks) {
    return "left " + marks.folder().hashCode();
  }

  @Test
  default void aScopeThatATaskLeavesOpenIsClosedAndTheTaskHasFailed() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(1)) {
      Outcome<Integer> outcome =
          pool.outcomes(List.of(marks), UserCodeContract::leavesAScopeOpen).toList().getFirst();
      assertThat(outcome).isInstanceOf(Outcome.Failed.class);
      assertThat(((Outcome.Failed<Integer>) outcome).cause())
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "the task has ended without closing scope \""
                  + nameOfLeft(marks)
                  + "\", which it opened: open scopes in try-with-resources");
      assertThat(marks.has("stopped")).isTrue();
      CompletableFuture<String> open = pool.submit(1, _ -> TaskScope.dump());
      assertThat(get(open)).doesNotContain(nameOfLeft(marks));
    }
  }
}
