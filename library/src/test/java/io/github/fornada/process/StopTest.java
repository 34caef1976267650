package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskEvent;
import io.github.fornada.Waiting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Timeouts and cancels: they end the item that they are for, and nothing else. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class StopTest {
  private static final Duration GRACE = Duration.ofMillis(100);

  private static Pool open(int workers, Pools.Workers listener) {
    return Pools.open(
        workers, o -> o.withPolicy(o.policy().withGrace(GRACE).withListener(listener)));
  }

  private static void started(Pools.Workers workers, CompletableFuture<?> future) {
    Waiting.until("it runs", Leftovers.SOON, () -> workers.started.get() > 0 || future.isDone());
  }

  @Test
  void aTaskStuckInTheReportOfItsFailureIsOverItsLimit() throws Exception {
    Pool pool =
        Pools.open(
            1, o -> o.withPolicy(o.policy().withGrace(GRACE).withTimeout(Duration.ofMillis(300))));
    try {
      Outcome<Integer> outcome =
          pool.outcomes(
                  List.of(1),
                  (Integer x) -> {
                    if (x == 1) {
                      throw new Endless();
                    }
                    return x;
                  })
              .toList()
              .getFirst();
      assertThat(outcome).isInstanceOf(Outcome.TimedOut.class);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void theLimitOfAnItemDoesNotWaitForTheGraceOfTheOneBefore() throws Exception {
    Duration grace = Duration.ofMinutes(2); // longer than this test may take
    Pool pool =
        Pools.open(
            1, o -> o.withPolicy(o.policy().withGrace(grace).withTimeout(Duration.ofMillis(200))));
    try {
      List<Outcome<Integer>> outcomes =
          pool.outcomes(
                  List.of(1, 2),
                  (Integer x) -> {
                    Thread.sleep(Duration.ofMinutes(10));
                    return x;
                  })
              .toList();
      assertThat(outcomes)
          .hasSize(2)
          .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.TimedOut.class));
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void cancelOfATaskWhoseWorkerIsStoppedReallyEndsIt() throws Exception {
    var workers = new Pools.Workers();
    Pool pool = open(1, workers);
    try {
      CompletableFuture<Integer> future =
          pool.submit(
              1,
              x -> {
                Way.signal("STOP");
                LockSupport.parkNanos(600_000_000_000L);
                return x;
              });
      started(workers, future);
      Waiting.until("it has stopped itself", Leftovers.SOON, () -> isStopped(workers));
      assertThat(future.cancel(true)).isTrue();
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aPoolEndsThoughAWorkerThatWasStoppedWhenItWasIdleHasAnItem() throws Exception {
    var workers = new Pools.Workers();
    Pool pool = open(1, workers);
    CompletableFuture<Long> asked = pool.submit(1, x -> ProcessHandle.current().pid());
    long pid = asked.get();
    try {
      int code = new ProcessBuilder("kill", "-STOP", Long.toString(pid)).start().waitFor();
      assertThat(code).isZero();
      Waiting.until("it is stopped", Leftovers.SOON, () -> isStopped(workers));
      CompletableFuture<Integer> item = pool.submit(1, x -> x);
      pool.shutdownNow();
      assertThat(pool.awaitTermination(Waiting.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(item.isCancelled()).isTrue();
      assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    } finally {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      Pools.end(pool);
    }
  }

  private static boolean isStopped(Pools.Workers workers) {
    try {
      String stat =
          java.nio.file.Files.readString(
              java.nio.file.Path.of("/proc/" + workers.ready.getFirst().pid() + "/stat"));
      return stat.contains(") T ");
    } catch (java.io.IOException e) {
      return false;
    }
  }

  static final class Endless extends RuntimeException {
    @Override
    public String getMessage() {
      while (true) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void cancelOfATaskThatIsStuckInTheReportOfItsFailureReallyEndsIt() throws Exception {
    var workers = new Pools.Workers();
    Pool pool = open(1, workers);
    try {
      CompletableFuture<Integer> future =
          pool.submit(
              1,
              x -> {
                throw new Endless();
              });
      started(workers, future);
      assertThat(future.cancel(true)).isTrue();
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void anItemThatEndsJustWhenItsWorkerIsToDieTakesNoOtherWithIt() throws Exception {
    // Long enough for the first item of a worker that has just been started, on a busy machine.
    Duration limit = Way.SHORT_LIMIT;
    Duration grace = Duration.ofMillis(20);
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withInitializer(Pools::loadWhatItemsNeed)
                    .withPolicy(o.policy().withGrace(grace).withTimeout(limit)));
    try {
      for (int round = 0; round < 6; round++) {
        // From half a millisecond before the grace is over, in steps of as much.
        long deaf = limit.plus(grace).toNanos() + (round - 1) * 500_000L;
        List<Outcome<Integer>> outcomes =
            Waiting.oneOfFew(
                () -> sixtyWithOneDeafFor(deaf, pool), all -> Waiting.othersAreInTime(all, 30));
        for (int i = 0; i < 60; i++) {
          if (i != 30) {
            assertThat(outcomes.get(i))
                .as("round %d, item %d", round, i)
                .isInstanceOf(Outcome.Done.class);
          }
        }
      }
    } finally {
      Pools.end(pool);
    }
  }

  private static List<Outcome<Integer>> sixtyWithOneDeafFor(long nanos, Pool pool) {
    Pools.warm(pool, List.of(1, 2, 3), x -> x);
    return pool.outcomes(
            IntStream.range(0, 60).boxed().toList(),
            x -> {
              if (x == 30) {
                long end = System.nanoTime() + nanos;
                boolean interrupted = false;
                while (System.nanoTime() < end) {
                  // It computes at the end only, to end on time, and takes no processor.
                  LockSupport.parkNanos(end - System.nanoTime() - 5_000_000);
                  interrupted |= Thread.interrupted(); // or it would not park again
                }
                if (interrupted) {
                  Thread.currentThread().interrupt(); // the pool has to undo it
                }
              } else if (x > 30) {
                LockSupport.parkNanos(1_000_000);
              }
              return x;
            })
        .toList();
  }

  @Test
  void aSlowCallbackCostsNoHealthyWorker(@TempDir Path folder) throws Exception {
    Waiting.inEnoughTime(Way.SHORT_LIMIT, limit -> aCallbackTakesThreeTimes(limit, folder));
  }

  private static void aCallbackTakesThreeTimes(Duration limit, Path folder) throws Exception {
    Path added = folder.resolve("added");
    Files.deleteIfExists(added);
    String file = added.toString();
    var workers = new Pools.Workers();
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withPolicy(o.policy().withGrace(GRACE).withTimeout(limit).withListener(workers)));
    try {
      var goOn = new CountDownLatch(1);
      CompletableFuture<Integer> first =
          pool.submit(
              1,
              x -> {
                while (!Files.exists(Path.of(file))) {
                  Thread.sleep(1);
                }
                return x;
              });
      CompletableFuture<Void> callback = first.thenAccept(x -> Pools.awaitQuietly(goOn));
      Files.createFile(added); // if it were done before, the callback would run in this thread
      List<CompletableFuture<Integer>> others = new ArrayList<>();
      long end = System.nanoTime() + limit.multipliedBy(3).toNanos();
      while (System.nanoTime() < end) {
        others.add(
            pool.submit(
                others.size(),
                x -> {
                  Thread.sleep(30);
                  return x;
                }));
        LockSupport.parkNanos(200_000_000);
      }
      goOn.countDown();
      Pools.soon(callback);
      for (int i = 0; i < others.size(); i++) {
        assertThat(Pools.soon(others.get(i))).isEqualTo(i);
      }
      assertThat(workers.lost).isEmpty();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aCallbackMayWaitForAnotherTaskIfThereIsAnotherWorker() throws Exception {
    Pool pool = Pools.open(2);
    try {
      for (int i = 0; i < 10; i++) {
        CompletableFuture<Integer> chained =
            pool.submit(
                    i,
                    x -> {
                      LockSupport.parkNanos(20_000_000);
                      return x;
                    })
                .thenApply(x -> pool.submit(x, y -> y + 1).join());
        assertThat(Pools.soon(chained)).isEqualTo(i + 1);
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void closeFromAListenerOnlyStartsTheShutdown() throws Exception {
    for (Class<?> type :
        List.of(
            TaskEvent.WorkerReady.class,
            TaskEvent.Submitted.class,
            TaskEvent.Started.class,
            TaskEvent.Finished.class)) {
      var pool = new CompletableFuture<Pool>();
      var told = new AtomicInteger();
      Pool opened =
          Pools.open(
              1,
              o ->
                  o.withListener(e -> {
                    if (type.isInstance(e) && told.getAndIncrement() == 0) {
                      pool.join().close();
                    }
                  }));
      pool.complete(opened);
      var future = CompletableFuture.supplyAsync(() -> tryOne(opened));
      var _ = Pools.soon(future);
      opened.shutdown();
      assertThat(opened.awaitTermination(60, TimeUnit.SECONDS)).as(type.getSimpleName()).isTrue();
    }
  }

  private static Object tryOne(Pool pool) {
    try {
      return pool.submit(1, x -> x + 1).join();
    } catch (java.util.concurrent.RejectedExecutionException e) {
      return e;
    }
  }

  @Test
  void cancelStormOfDeafAndObedientTasks() throws Exception {
    var workers = new Pools.Workers();
    Pool pool = open(2, workers);
    try {
      for (int round = 0; round < 6; round++) {
        List<CompletableFuture<Integer>> futures = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
          futures.add(
              pool.submit(
                  i,
                  x -> {
                    if (x % 100 == 50) {
                      while (true) {
                        Thread.onSpinWait();
                      }
                    }
                    Thread.sleep(x % 3);
                    return x;
                  }));
        }
        LockSupport.parkNanos(round * 20_000_000L);
        futures.forEach(f -> f.cancel(true));
        assertThat(futures).allMatch(CompletableFuture::isDone);
      }
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void shutdownNowAtAnyMomentEndsEverything() throws Exception {
    for (int round = 0; round < 8; round++) {
      Pool pool = Pools.open(2, o -> o.withPolicy(o.policy().withGrace(GRACE)));
      List<CompletableFuture<Integer>> futures = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        futures.add(
            pool.submit(
                i,
                x -> {
                  Thread.sleep(1);
                  return x;
                }));
      }
      LockSupport.parkNanos(round * 60_000_000L);
      Pools.end(pool);
      assertThat(futures).allMatch(CompletableFuture::isDone);
    }
  }

  @Test
  void whatNobodyCancelledIsNeverCancelled() throws Exception {
    Pool pool = Pools.open(2);
    try {
      for (int round = 0; round < 150; round++) {
        List<CompletableFuture<Integer>> unwanted = new ArrayList<>();
        List<CompletableFuture<Integer>> wanted = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
          unwanted.add(pool.submit(i, StopTest::slowNowAndThen));
        }
        unwanted.reversed().forEach(f -> f.cancel(true));
        for (int i = 0; i < 60; i++) {
          wanted.add(pool.submit(i, StopTest::slowNowAndThen));
        }
        for (int i = 0; i < 60; i++) {
          assertThat(Pools.soon(wanted.get(i))).as("round %d, item %d", round, i).isEqualTo(i);
        }
      }
    } finally {
      Pools.end(pool);
    }
  }

  private static int slowNowAndThen(int x) {
    if (x % 20 == 7) {
      LockSupport.parkNanos(2_000_000);
    }
    return x;
  }
}
