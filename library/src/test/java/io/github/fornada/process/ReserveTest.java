package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.WorkerLostException;
import io.github.fornada.shared.SharedLock;
import io.github.fornada.shared.SharedSpace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;

/** Workers that are started before their pool. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class ReserveTest {
  /** What a task leaves in its worker. */
  private static final Set<Object> SEEN = ConcurrentHashMap.newKeySet();

  private static WorkerReserve reserve(int workers) {
    return WorkerReserve.open(o -> o.withWorkers(workers).withHeap("64m"));
  }

  private static long pidOf(Object ignored) {
    return ProcessHandle.current().pid();
  }

  private static int seenBefore(Object item) {
    int before = SEEN.size();
    SEEN.add(item);
    return before;
  }

  private static Set<Long> ready(WorkerReserve reserve, int workers) {
    Waiting.until("the reserve is full", Leftovers.SOON, () -> reserve.pids().size() == workers);
    return Set.copyOf(reserve.pids());
  }

  @Test
  void aPoolTakesItsWorkersFromTheReserveWhichStartsOthers() throws Exception {
    try (WorkerReserve reserve = reserve(1)) {
      Set<Long> before = ready(reserve, 1);
      try (Pool pool = ProcessPool.open(reserve, o -> o)) {
        assertThat(before).contains(pool.submit(1, ReserveTest::pidOf).get());
        assertThat(ready(reserve, 1)).doesNotContainAnyElementsOf(before);
      }
    }
  }

  @Test
  void aWorkerIsTakenOnceSoThatNoPoolSeesWhatAnotherDid() throws Exception {
    try (WorkerReserve reserve = reserve(1)) {
      for (int i = 0; i < 3; i++) {
        try (Pool pool = ProcessPool.open(reserve, o -> o)) {
          assertThat(pool.submit(i, ReserveTest::seenBefore).get()).isZero();
        }
      }
    }
  }

  @Test
  void aPoolWantsMoreThanThereAreAndStartsTheRest() throws Exception {
    try (WorkerReserve reserve = reserve(1);
        Pool pool = ProcessPool.open(reserve, o -> o.withWorkers(3))) {
      List<Integer> items = List.of(1, 2, 3, 4, 5, 6);
      assertThat(pool.map(items, i -> i + 1)).containsExactly(2, 3, 4, 5, 6, 7);
    }
  }

  @Test
  void aWorkerThatDiedInReserveIsNotTaken() throws Exception {
    try (WorkerReserve reserve = reserve(1)) {
      for (long pid : ready(reserve, 1)) {
        ProcessHandle dead = ProcessHandle.of(pid).orElseThrow();
        assertThat(dead.destroyForcibly()).isTrue();
        dead.onExit().get();
      }
      try (Pool pool = ProcessPool.open(reserve, o -> o)) {
        assertThat(pool.submit(1, i -> i + 1).get()).isEqualTo(2);
      }
    }
  }

  @Test
  void aWorkerThatDiedInReserveIsReplaced() throws Exception {
    try (WorkerReserve reserve = reserve(2)) {
      Set<Long> first = ready(reserve, 2);
      first.forEach(pid -> ProcessHandle.of(pid).orElseThrow().destroyForcibly());
      Waiting.until(
          "others are in reserve",
          Leftovers.SOON,
          () -> reserve.pids().size() == 2 && reserve.pids().stream().noneMatch(first::contains));
    }
  }

  @Test
  void whatAWorkerThatDiedInReserveSharedIsFreed() throws Exception {
    try (WorkerReserve reserve = reserve(1)) {
      long pid = ready(reserve, 1).iterator().next();
      assertThat(segments(reserve)).containsExactly("segment-1");
      ProcessHandle.of(pid).orElseThrow().destroyForcibly();
      Waiting.until(
          "its memory is another worker's",
          Leftovers.SOON,
          () -> segments(reserve).equals(Set.of("segment-2")));
    }
  }

  @Test
  void aTakenWorkersMemoryHasNoNameOnceItIsReady() throws Exception {
    try (WorkerReserve reserve = reserve(2);
        Pool pool = ProcessPool.open(reserve, o -> o.withWorkers(1))) {
      var _ = pool.submit(1, i -> i).get();
      Waiting.until(
          "only those in reserve have one",
          Leftovers.SOON,
          () -> segments(reserve).equals(Set.of("segment-2", "segment-3")));
    }
  }

  @Test
  void aPoolWhoseFolderWasDeletedBeforeItWasOpenedHasOneAllTheSame() throws Exception {
    try (WorkerReserve reserve = reserve(1)) {
      var _ = ready(reserve, 1);
      Path folder = Objects.requireNonNull(reserve.nextFolder());
      Leftovers.deleteFolder(folder);
      try (ProcessPool pool = ProcessPool.open(reserve, o -> o)) {
        assertThat(pool.engine.directory()).isEqualTo(folder);
        assertThat(pool.submit(1, i -> i + 1).get()).isEqualTo(2);
      }
    }
  }

  @Test
  void aPoolThatNeverRanAnythingGivesItsTakenWorkersUp() throws Exception {
    try (WorkerReserve reserve = reserve(1)) {
      Set<Long> before = ready(reserve, 1);
      ProcessPool.open(reserve, o -> o).close();
      Waiting.until(
          "it has ended",
          Leftovers.SOON,
          () -> before.stream().noneMatch(pid -> ProcessHandle.of(pid).isPresent()));
    }
  }

  @Test
  void aWorkerThatIsTakenBeforeItHasBootedIsWaitedFor() throws Exception {
    try (WorkerReserve reserve = reserve(1);
        Pool pool = ProcessPool.open(reserve, o -> o)) {
      assertThat(pool.submit(1, i -> i + 1).get()).isEqualTo(2);
    }
  }

  @Test
  void aLockOfATakenWorkerThatDiedIsFree() throws Exception {
    try (WorkerReserve reserve = reserve(1)) {
      ProcessPool.open(reserve, o -> o).close();
      var _ = ready(reserve, 1); // its number in the reserve is not the one in the pool
      try (Pool pool = ProcessPool.open(reserve, o -> o)) {
        SharedLock lock = SharedSpace.of(pool).lock();
        assertThatThrownBy(() -> pool.submit(lock, ReserveTest::dieWith).get())
            .hasCauseInstanceOf(WorkerLostException.class);
        try (SharedLock.Hold hold = lock.tryAcquire(Leftovers.SOON)) {
          assertThat(hold).isNotNull();
        }
      }
    }
  }

  @SuppressWarnings("MustBeClosed")
  private static int dieWith(SharedLock lock) throws InterruptedException {
    var _ = lock.acquire();
    Runtime.getRuntime().halt(3);
    return 0;
  }

  /** Returns the names of the files of the shared memory of those in reserve. */
  private static Set<String> segments(WorkerReserve reserve) {
    try (Stream<Path> files = Files.list(reserve.directory())) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.startsWith("segment-"))
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void closingTheReserveEndsThoseThatNobodyTookAndNoOthers() throws Exception {
    WorkerReserve reserve = reserve(2);
    Set<Long> all = ready(reserve, 2);
    try (Pool pool = ProcessPool.open(reserve, o -> o.withWorkers(1))) {
      long taken = pool.submit(1, ReserveTest::pidOf).get();
      reserve.close();
      assertThat(all.stream().filter(pid -> ProcessHandle.of(pid).isPresent()))
          .containsExactly(taken);
      assertThat(pool.submit(1, ReserveTest::pidOf).get()).isEqualTo(taken);
    }
  }

  @Test
  void whatATakenWorkerLeftBehindGoesWithItsPool() throws Exception {
    long child;
    try (WorkerReserve reserve = reserve(1);
        Pool pool = ProcessPool.open(reserve, o -> o)) {
      child =
          pool.submit(
                  600,
                  seconds -> {
                    // The shell ends at once, so that its child is no process's descendant.
                    var shell =
                        new ProcessBuilder("/bin/sh", "-c", "sleep " + seconds + " >&- & echo $!");
                    return Long.parseLong(shell.start().inputReader().readLine());
                  })
              .get();
      assertThat(ProcessHandle.of(child)).isPresent();
    }
    Waiting.until(
        "the child is gone",
        Leftovers.SOON,
        () -> ProcessHandle.of(child).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void aPoolWithAnotherHeapIsRefused() {
    try (WorkerReserve reserve = reserve(1)) {
      assertThatThrownBy(() -> ProcessPool.open(reserve, o -> o.withHeap("128m")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("other options than the pool's");
    }
  }

  @Test
  void whatTasksPrintAndTheirContextAreAsInAnyWorker() throws Exception {
    try (WorkerReserve reserve = reserve(1);
        Pool pool = ProcessPool.open(reserve, o -> o.withInitializer(() -> System.out.print("")))) {
      Set<Long> before = ready(reserve, 1);
      assertThat(before).isNotEmpty();
      String loader =
          pool.submit(
                  1,
                  i -> {
                    System.out.println("printed by a worker from the reserve");
                    return Thread.currentThread().getContextClassLoader().getName();
                  })
              .get();
      assertThat(loader).isEqualTo("fornada-worker");
    }
  }
}
