package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Cells;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.WorkerLostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** How workers start and end: initializers, recycling, spares, limits, and races at the end. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class LifeTest {
  @TempDir Path folder;

  private static List<Integer> numbers(int n) {
    return IntStream.range(0, n).boxed().toList();
  }

  private static long pidOf(Object ignored) {
    return ProcessHandle.current().pid();
  }

  // ---- initializers

  @Test
  void anInitializerThatFailsIsReportedOnceAndToEveryItem() throws Exception {
    Path log = Files.createFile(folder.resolve("log"));
    String file = log.toString();
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withInitializer(() -> {
                  Files.writeString(Path.of(file), "ran\n", StandardOpenOption.APPEND);
                  throw new IllegalStateException("no licence for this machine");
                }));
    try {
      for (Outcome<Integer> outcome : pool.outcomes(numbers(5), x -> x).toList()) {
        assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        assertThat(((Outcome.Failed<Integer>) outcome).cause())
            .hasMessageContaining("the initializer of the workers failed")
            .hasMessageContaining("no licence for this machine")
            .hasRootCauseInstanceOf(IllegalStateException.class);
      }
      assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> x)))
          .as("a later one")
          .hasMessageContaining("no licence for this machine");
      assertThat(Files.readAllLines(log)).as("it is not tried again").hasSize(1);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void anInitializerThatHangsOrExitsIsReported() throws Exception {
    Pool hangs =
        Pools.open(
            1,
            o ->
                o.withStartupTimeout(Duration.ofMillis(900))
                    .withInitializer(() -> Thread.sleep(60_000)));
    Pool exits = Pools.open(1, o -> o.withInitializer(() -> System.exit(5)));
    try {
      assertThatThrownBy(() -> Pools.soon(hangs.submit(1, x -> x)))
          .hasMessageContaining("not ready within 900 ms");
      assertThatThrownBy(() -> Pools.soon(exits.submit(1, x -> x)))
          .hasMessageContaining("exited with code 5");
    } finally {
      Pools.end(hangs);
      Pools.end(exits);
    }
  }

  /** State of one worker: what its initializer, and the tasks before, have left. */
  static final AtomicInteger STATE = new AtomicInteger();

  @Test
  void eachWorkerHasAStateOfItsOwnMadeByItsInitializerOnce() throws Exception {
    Pool pool = Pools.open(2, o -> o.withInitializer(() -> STATE.addAndGet(1000)));
    try {
      List<Long> seen =
          pool.map(
              numbers(40),
              x -> {
                Thread.sleep(1);
                return pidOf(x) << 20 | STATE.incrementAndGet();
              });
      Set<Long> pids = new HashSet<>();
      seen.forEach(one -> pids.add(one >> 20));
      for (long pid : pids) {
        List<Long> counts =
            seen.stream().filter(s -> s >> 20 == pid).map(s -> s & 0xFFFFF).sorted().toList();
        assertThat(counts.getFirst()).as("once a worker").isEqualTo(1001);
        assertThat(counts.getLast()).isEqualTo(1000L + counts.size());
      }
      assertThat(STATE.get()).as("here it is another").isZero();
    } finally {
      Pools.end(pool);
    }
  }

  // ---- recycling

  @ParameterizedTest
  @Cells(
      verify = {"2"},
      rest = {"1", "7"})
  void workersAreReplacedAfterSoManyTasksUnderABacklog(int most) throws Exception {
    var workers = new Pools.Workers();
    Pool pool = Pools.open(2, o -> o.withMaxTasks(most).withListener(workers));
    try {
      int items = 8 * most;
      List<Long> pids = pool.map(numbers(items), LifeTest::pidOf);
      assertThat(pids).hasSize(items);
      for (long pid : Set.copyOf(pids)) {
        assertThat(pids.stream().filter(p -> p == pid).count()).isLessThanOrEqualTo(most);
      }
    } finally {
      Pools.end(pool);
    }
    assertThat(workers.lost).as("none died unasked").isEmpty();
  }

  @Test
  void shutdownWhileWorkersAreReplacedEndsEveryItemAndLeavesNothing() throws Exception {
    for (int round = 0; round < 3; round++) {
      ProcessPool pool = ProcessPool.open(o -> o.withWorkers(2).withHeap("64m").withMaxTasks(1));
      List<Path> folders = Leftovers.folders(pool);
      List<CompletableFuture<Integer>> futures = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        futures.add(pool.submit(i, x -> -x));
      }
      Pools.soon(futures.get(round));
      pool.close();
      for (int i = 0; i < futures.size(); i++) {
        assertThat(futures.get(i)).as("accepted before").isCompletedWithValue(-i);
      }
      Waiting.until("no process is left", Leftovers.SOON, () -> Leftovers.marked(pool).isEmpty());
      Waiting.until(
          "no folder is left", Leftovers.SOON, () -> folders.stream().noneMatch(Files::exists));
    }
  }

  @Test
  void aSpareTakesOverFromAWorkerThatDies() throws Exception {
    ProcessPool pool =
        ProcessPool.open(o -> o.withWorkers(1).withHeap("64m").withLife(l -> l.withSpares(1)));
    try {
      Pools.soon(pool.submit(1, x -> x));
      for (int i = 0; i < 3; i++) {
        Waiting.until("a spare", Leftovers.SOON, () -> pool.stats().spares() == 1);
        long before = (long) Pools.soon(pool.submit(1, LifeTest::pidOf));
        ProcessHandle.of(before).orElseThrow().destroyForcibly();
        assertThat((long) Pools.soon(pool.submit(1, LifeTest::pidOf))).isNotEqualTo(before);
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aKilledSpareIsReplaced() throws Exception {
    ProcessPool pool =
        ProcessPool.open(o -> o.withWorkers(1).withHeap("64m").withLife(l -> l.withSpares(1)));
    try {
      long busy = (long) Pools.soon(pool.submit(1, LifeTest::pidOf));
      Waiting.until("a spare", Leftovers.SOON, () -> pool.stats().spares() == 1);
      List<ProcessHandle> spares = new ArrayList<>(Leftovers.marked(pool));
      spares.removeIf(process -> process.pid() == busy);
      spares.forEach(ProcessHandle::destroyForcibly);
      Waiting.until("it is gone", Leftovers.SOON, () -> !spares.getFirst().isAlive());
      Waiting.until("another", Leftovers.SOON, () -> pool.stats().spares() == 1);
      assertThat((long) Pools.soon(pool.submit(1, LifeTest::pidOf))).isEqualTo(busy);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aWorkerOverItsResidentLimitIsKilledAndSaysSo() throws Exception {
    Pool pool = Pools.open(1, o -> o.withHeap("600m").withResidentLimit("200m"));
    try {
      assertThatThrownBy(() ->
              Pools.soon(
                  pool.submit(
                      300 << 20,
                      n -> {
                        byte[] hoard = new byte[n];
                        java.util.Arrays.fill(hoard, (byte) 1);
                        Thread.sleep(30_000);
                        return hoard[n - 1];
                      })))
          .hasCauseInstanceOf(WorkerLostException.class)
          .hasMessageContaining("resident limit of 200m")
          .hasMessageContaining("withResidentLimit");
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aWorkerThatIsLeavingIsStillWatched() throws Exception {
    Pool pool = Pools.open(1, o -> o.withHeap("600m").withResidentLimit("200m"));
    try {
      var future =
          pool.submit(
              300 << 20,
              n -> {
                Thread.sleep(1_000); // by then the pool is shut down, and the worker retires
                byte[] hoard = new byte[n];
                java.util.Arrays.fill(hoard, (byte) 1);
                Thread.sleep(30_000);
                return hoard[n - 1];
              });
      pool.shutdown();
      assertThatThrownBy(() -> Pools.soon(future))
          .hasCauseInstanceOf(WorkerLostException.class)
          .hasMessageContaining("resident limit of 200m");
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aWorkerReplacedForItsNumberOfTasksIsStillWatchedAtItsLast() throws Exception {
    Pool pool = Pools.open(1, o -> o.withHeap("600m").withResidentLimit("200m").withMaxTasks(1));
    try {
      assertThatThrownBy(() ->
              Pools.soon(
                  pool.submit(
                      300 << 20,
                      n -> {
                        byte[] hoard = new byte[n];
                        java.util.Arrays.fill(hoard, (byte) 1);
                        Thread.sleep(30_000);
                        return hoard[n - 1];
                      })))
          .hasCauseInstanceOf(WorkerLostException.class)
          .hasMessageContaining("resident limit of 200m");
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void workersComeOnDemandAndGoWhenIdle() throws Exception {
    ProcessPool pool =
        ProcessPool.open(o ->
            o.withWorkers(2)
                .withHeap("64m")
                .withLife(l -> l.withMinWorkers(0).withIdleTimeout(Duration.ofMillis(300))));
    try {
      assertThat(Leftovers.marked(pool)).as("nobody asked yet").isEmpty();
      for (int round = 0; round < 2; round++) {
        // Each waits for the other, so that there must be two.
        Path meeting = Files.createDirectory(folder.resolve("meeting" + round));
        String place = meeting.toString();
        List<Integer> met =
            pool.map(
                List.of(0, 1),
                x -> {
                  Files.createFile(Path.of(place, "" + x));
                  while (!Files.exists(Path.of(place, "" + (1 - x)))) {
                    Thread.sleep(1);
                  }
                  return x;
                });
        assertThat(met).containsExactly(0, 1);
        Waiting.until("all have left", Leftovers.SOON, () -> Leftovers.marked(pool).isEmpty());
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void whatWaitsBehindTheItemThatEndedItsWorkerGetsANewOneOnDemand() throws Exception {
    Pool pool = Pools.open(1, o -> o.withLife(l -> l.withMinWorkers(0)));
    try {
      // The others are queued while the first runs: they need no other worker then.
      String begun = folder.resolve("begun").toString();
      String go = folder.resolve("go").toString();
      CompletableFuture<Integer> first =
          pool.submit(
              0,
              x -> {
                Files.createFile(Path.of(begun));
                while (!Files.exists(Path.of(go))) {
                  Thread.sleep(1);
                }
                Runtime.getRuntime().halt(7);
                return x;
              });
      Waiting.until("the first runs", () -> Files.exists(Path.of(begun)));
      List<CompletableFuture<Integer>> others =
          numbers(5).stream().map(i -> pool.submit(i, x -> x + 1)).toList();
      Files.createFile(Path.of(go));

      assertThatThrownBy(() -> Pools.soon(first)).hasCauseInstanceOf(WorkerLostException.class);
      for (int i = 0; i < others.size(); i++) {
        assertThat((int) Pools.soon(others.get(i))).isEqualTo(i + 1);
      }
    } finally {
      Pools.end(pool);
    }
  }

  // ---- races

  @Test
  void submitRacingShutdownEndsEveryFuture() throws Exception {
    for (int round = 0; round < 200; round++) {
      // On demand: most of these pools end before they have started a worker.
      Pool pool = Pools.open(1, o -> o.withLife(l -> l.withMinWorkers(0)));
      boolean atOnce = round % 10 != 0;
      var futures = new ConcurrentLinkedQueue<CompletableFuture<Integer>>();
      var go = new CountDownLatch(1);
      Thread submitter =
          Thread.ofPlatform()
              .start(() -> {
                Pools.awaitQuietly(go);
                try {
                  for (int i = 0; i < 20; i++) {
                    futures.add(pool.submit(i, x -> x));
                  }
                } catch (RejectedExecutionException e) {
                  // shut down meanwhile
                }
              });
      go.countDown();
      for (int spin = 0; spin < round * 20; spin++) {
        Thread.onSpinWait();
      }
      if (atOnce) {
        pool.shutdownNow();
      } else {
        pool.shutdown();
      }
      assertThat(submitter.join(Leftovers.SOON)).isTrue();
      for (CompletableFuture<Integer> future : futures) {
        try {
          int _ = (int) Pools.soon(future);
        } catch (CancellationException e) {
          assertThat(atOnce).as("round %d: only shutdownNow cancels", round).isTrue();
        }
      }
      assertThat(pool.awaitTermination(Leftovers.SOON.toSeconds(), TimeUnit.SECONDS))
          .as("round %d", round)
          .isTrue();
    }
  }

  @Test
  void tenThreadsSubmitWhileWorkersAreKilledAndEveryFutureEnds() throws Exception {
    var workers = new Pools.Workers();
    Pool pool = Pools.open(2, o -> o.withListener(workers));
    var killing = new AtomicBoolean(true);
    try {
      Pools.soon(pool.submit(1, x -> x));
      Thread killer =
          Thread.ofPlatform()
              .start(() -> {
                int killed = 0;
                while (killing.get() && killed < 8) {
                  if (workers.ready.size() > killed) {
                    long pid = workers.ready.get(killed++).pid();
                    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
                  }
                  java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
                }
              });
      var wrong = new AtomicInteger();
      var done = new AtomicInteger();
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 10; t++) {
        threads.add(
            Thread.ofPlatform()
                .start(() -> {
                  for (int i = 0; i < 100; i++) {
                    try {
                      var future = pool.submit(i, x -> -x);
                      if (future.get(Leftovers.SOON.toSeconds(), TimeUnit.SECONDS) == -i) {
                        done.incrementAndGet();
                      } else {
                        wrong.incrementAndGet();
                      }
                    } catch (ExecutionException e) {
                      if (!(e.getCause() instanceof WorkerLostException)) {
                        wrong.incrementAndGet();
                      }
                    } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
                      wrong.incrementAndGet();
                    }
                  }
                }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      killing.set(false);
      killer.join();
      assertThat(wrong).hasValue(0);
      assertThat(done.get()).as("most are done").isGreaterThan(900);
    } finally {
      killing.set(false);
      Pools.end(pool);
    }
  }
}
