package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.shared.SharedArray;
import io.github.fornada.shared.SharedBarrier;
import io.github.fornada.shared.SharedBarrierBrokenException;
import io.github.fornada.shared.SharedCounter;
import io.github.fornada.shared.SharedFlag;
import io.github.fornada.shared.SharedLock;
import io.github.fornada.shared.SharedQueue;
import io.github.fornada.shared.SharedQueueClosedException;
import io.github.fornada.shared.SharedSemaphore;
import io.github.fornada.shared.SharedSpace;
import io.github.fornada.shared.SharedValue;
import io.github.fornada.threads.ThreadPool;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Shared objects between processes, some of which are killed. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class SharedObjectTest {
  private static void kill(long pid) {
    ProcessHandle.of(pid).orElseThrow().destroyForcibly();
  }

  private static List<String> files(Pool pool, String pattern) throws IOException {
    return files(folders(pool), pattern);
  }

  private static List<String> folders(Pool pool) throws IOException {
    return Leftovers.folders((ProcessPool) pool).stream().map(Path::toString).toList();
  }

  private static List<String> files(List<String> folders, String pattern) throws IOException {
    var names = new java.util.ArrayList<String>();
    for (String folder : folders) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(folder), pattern)) {
        files.forEach(file -> names.add(file.getFileName().toString()));
      }
    }
    return names;
  }

  /** A process has a limit of mappings, and beyond it the JVM ends. */
  @Test
  void aDeathMapsNoObjectHereThatIsNotUsedHere() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      List<SharedLock> locks = IntStream.range(0, 100).mapToObj(i -> shared.lock()).toList();
      SharedLock held = locks.get(50);
      CompletableFuture<Integer> dies =
          pool.submit(() -> {
            var _ = held.acquire();
            Runtime.getRuntime().halt(3);
            return 0;
          });
      assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
      Path folder = Leftovers.folders((ProcessPool) pool).getFirst();
      assertThat(SharedTest.mapped(folder + "/object-")).isEmpty();
      try (var hold = held.acquire()) {
        assertThat(hold.died()).isNotNull();
      }
    }
  }

  @Test
  void anOwnerThatIsKilledIsToldToTheNextOwnerOnce() throws Exception {
    try (Pool pool = Pools.open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedLock lock = shared.lock();
      SharedCounter pid = shared.counter(0);
      CompletableFuture<Integer> dies =
          pool.submit(
              "the last one",
              x -> {
                var hold = lock.acquire();
                pid.set(Pools.pid());
                shared.flag().await(); // for ever
                hold.close();
                return 0;
              });
      pid.awaitAtLeast(1);
      CompletableFuture<String> waits =
          pool.submit(
              0,
              x -> {
                try (var hold = lock.acquire()) {
                  return hold.died() == null ? "nobody died" : hold.died().toString();
                }
              });
      kill(pid.get());
      String told;
      try (var hold = lock.acquire()) {
        told = hold.died() == null ? "nobody died" : hold.died().toString();
      }
      String other = (String) Pools.soon(waits);
      assertThat(List.of(told, other)).containsOnlyOnce("nobody died");
      assertThat(told + other)
          .contains("pid=" + pid.get())
          .contains("SIGKILL")
          .contains("the last one");
      assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
      try (var hold = lock.acquire()) {
        assertThat(hold.died()).isNull();
      }
    }
  }

  @Test
  void aRepairThatFailsIsDoneAgainByTheNextOwner() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedLock lock = SharedSpace.of(pool).lock();
      CompletableFuture<Integer> dies =
          pool.submit(
              0,
              x -> {
                var _ = lock.acquire();
                Runtime.getRuntime().halt(7);
                return 0;
              });
      assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
      assertThatThrownBy(() ->
              lock.acquire(death -> {
                throw new IllegalArgumentException("code " + death.exitCode());
              }))
          .hasMessage("code 7");
      var codes = new java.util.ArrayList<Integer>();
      lock.acquire(death -> codes.add(death.exitCode())).close();
      lock.acquire(death -> codes.add(death.exitCode())).close();
      assertThat(codes).containsExactly(7);
    }
  }

  @Test
  void whenADeathIsToldTheLockIsFree() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedLock lock = SharedSpace.of(pool).lock();
      for (int i = 0; i < 5; i++) {
        CompletableFuture<Integer> dies =
            pool.submit(
                0,
                x -> {
                  var _ = lock.acquire();
                  signal("KILL", Pools.pid());
                  return 0;
                });
        assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
        try (var hold = lock.tryAcquire()) {
          assertThat(hold).isNotNull();
          assertThat(hold.died()).isNotNull();
        }
      }
    }
  }

  @Test
  void aWorkerThatIsRecycledWithALockGivesItBack() throws Exception {
    try (Pool pool = Pools.open(1, o -> o.withMaxTasks(1))) {
      SharedLock lock = SharedSpace.of(pool).lock();
      CompletableFuture<Integer> forgets =
          pool.submit(
              0,
              x -> {
                var _ = lock.acquire();
                return 0;
              });
      assertThat(Pools.soon(forgets)).isEqualTo(0);
      try (var hold = lock.acquire()) {
        assertThat(hold.died()).isNotNull();
        assertThat(hold.died().exitCode()).isZero();
      }
    }
  }

  /** The sum under the lock is right whoever dies: the dead had either added or not. */
  @Test
  void killedAtAnyMomentNoWorkerStopsTheOthers() throws Exception {
    try (Pool pool = Pools.open(2, o -> o.withRetries(0))) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedLock lock = shared.lock();
      SharedArray array = shared.longs(3);
      SharedCounter begun = shared.counter(0);
      int deaths = 0;
      for (int round = 0; round < 8; round++) {
        long before = array.getLong(0);
        List<CompletableFuture<Integer>> tasks =
            IntStream.range(0, 2)
                .mapToObj(i ->
                    pool.submit(
                        i,
                        x -> {
                          begun.set(Pools.pid());
                          for (int k = 0; k < 100_000; k++) {
                            try (var hold = lock.acquire()) {
                              if (hold.died() != null) {
                                array.setLong(1, array.getLong(0)); // repaired
                                array.setLong(2, array.getLong(2) + 1);
                              }
                              if (array.getLong(0) != array.getLong(1)) {
                                throw new IllegalStateException("torn, and nobody told");
                              }
                              array.setLong(0, array.getLong(0) + 1);
                              array.setLong(1, array.getLong(1) + 1);
                            }
                          }
                          return 0;
                        }))
                .toList();
        begun.awaitAtLeast(1);
        Waiting.until("they work", () -> array.getLong(0) > before + 1000);
        kill(begun.get());
        for (CompletableFuture<Integer> task : tasks) {
          try {
            var _ = task.get(60, TimeUnit.SECONDS);
          } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(io.github.fornada.WorkerLostException.class);
            deaths++;
          }
        }
        begun.set(0);
      }
      assertThat(deaths).isPositive();
    }
  }

  @Test
  void aWaiterIsWokenThoughWhoWouldHaveWokenItWasKilled() throws Exception {
    try (Pool pool = Pools.open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedLock lock = shared.lock();
      SharedCounter owner = shared.counter(0);
      SharedFlag never = shared.flag();
      for (int round = 0; round < 5; round++) {
        owner.set(0);
        SharedFlag waiting = shared.flag();
        CompletableFuture<Integer> holds =
            pool.submit(
                0,
                x -> {
                  try (var _ = lock.acquire()) {
                    owner.set(Pools.pid());
                    never.await();
                  }
                  return 0;
                });
        owner.awaitAtLeast(1);
        CompletableFuture<Boolean> waits =
            pool.submit(
                0,
                x -> {
                  waiting.set();
                  try (var hold = lock.acquire()) {
                    return hold.died() != null;
                  }
                });
        waiting.await();
        kill(owner.get());
        assertThat(Pools.soon(waits)).isEqualTo(true);
        assertThatThrownBy(() -> Pools.soon(holds)).isInstanceOf(ExecutionException.class);
      }
    }
  }

  @Test
  void thePermitsOfTheKilledAreFreeAgain() throws Exception {
    try (Pool pool = Pools.open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedSemaphore semaphore = shared.semaphore(3);
      SharedCounter pid = shared.counter(0);
      var mine = semaphore.acquire();
      CompletableFuture<Integer> dies =
          pool.submit(
              0,
              x -> {
                var one = semaphore.acquire();
                var two = semaphore.acquire();
                pid.set(Pools.pid());
                shared.flag().await(); // for ever
                one.close();
                two.close();
                return 0;
              });
      pid.awaitAtLeast(1);
      assertThat(semaphore.available()).isZero();
      CompletableFuture<Integer> waits =
          pool.submit(
              0,
              x -> {
                try (var _ = semaphore.acquire()) {
                  return 1;
                }
              });
      kill(pid.get());
      assertThat(Pools.soon(waits)).isEqualTo(1);
      assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
      assertThat(semaphore.available()).isEqualTo(2);
      mine.close();
      assertThat(semaphore.available()).isEqualTo(3);
    }
  }

  @Test
  void aStoppedOwnerKeepsTheLock() throws Exception {
    try (Pool pool = Pools.open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedLock lock = shared.lock();
      SharedCounter owner = shared.counter(0);
      SharedFlag done = shared.flag();
      CompletableFuture<Integer> holds =
          pool.submit(
              0,
              x -> {
                try (var _ = lock.acquire()) {
                  owner.set(Pools.pid());
                  done.await();
                }
                return 0;
              });
      owner.awaitAtLeast(1);
      signal("STOP", owner.get());
      assertThat(lock.tryAcquire(java.time.Duration.ofSeconds(2))).isNull();
      done.set();
      signal("CONT", owner.get());
      assertThat(Pools.soon(holds)).isEqualTo(0);
      try (var hold = lock.acquire()) {
        assertThat(hold.died()).isNull();
      }
    }
  }

  private static void signal(String name, long pid) throws Exception {
    assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor())
        .isZero();
  }

  @Test
  void waitingCostsNoProcessorTime() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedFlag flag = shared.flag();
      SharedCounter pid = shared.counter(0);
      CompletableFuture<Long> waits =
          pool.submit(
              0,
              x -> {
                pid.set(Pools.pid());
                var threads = java.lang.management.ManagementFactory.getThreadMXBean();
                boolean _ = flag.await(java.time.Duration.ofMillis(10)); // loads what it needs
                long before = threads.getCurrentThreadCpuTime();
                flag.await();
                return threads.getCurrentThreadCpuTime() - before;
              });
      pid.awaitAtLeast(1);
      assertThat(flag.await(java.time.Duration.ofSeconds(1))).isFalse();
      flag.set();
      assertThat((long) Pools.soon(waits)).isLessThan(100_000_000L);
    }
  }

  @Test
  void noRoomIsSaidWhenTheObjectIsMade() {
    try (Pool pool = Pools.open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      assertThatThrownBy(() -> shared.bytes(1L << 47))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("a shared array needs " + ((1L << 47) + 4096) + " bytes")
          .hasMessageContaining("--shm-size");
    }
  }

  @Test
  void whatIsFreedIsUnmappedEverywhere() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedArray array = SharedSpace.of(pool).bytes(8 << 20);
      assertThat(Pools.soon(pool.submit(array, a -> a.length()))).isEqualTo(8L << 20);
      assertThat(array.length()).isEqualTo(8L << 20);
      assertThat(files(pool, "object-*")).hasSize(1);
      array.free();
      assertThat(files(pool, "object-*")).isEmpty();
      Waiting.until(
          "the worker has unmapped it",
          Leftovers.SOON,
          () -> pool.submit("/object-", SharedTest::mapped).join().isEmpty());
    }
  }

  @Test
  void whatIsFreedEndsTheWaitsForThreadsOfTheSameProcess() throws Exception {
    for (boolean closes : new boolean[] {false, true}) {
      try (Pool pool = closes ? Pools.open(1) : ThreadPool.open()) {
        SharedLock lock = SharedSpace.of(pool).lock();
        SharedValue<Integer> value = SharedSpace.of(pool).value(1);
        var updates = new CountDownLatch(1);
        var over = new CountDownLatch(1);
        var _ = lock.acquire(); // and not released
        Thread updater =
            Thread.startVirtualThread(() -> {
              try {
                value.update(x -> {
                  updates.countDown();
                  awaitQuietly(over);
                  return x;
                });
              } catch (InterruptedException | IllegalStateException e) {
                // it was freed
              }
            });
        updates.await();
        var ended = new ConcurrentLinkedQueue<Throwable>();
        var waiting = new ArrayList<Thread>();
        for (int k = 0; k < 3; k++) {
          waiting.add(waits(ended, lock::acquire));
          waiting.add(waits(ended, () -> lock.tryAcquire(Duration.ofHours(1))));
          waiting.add(
              waits(
                  ended,
                  () -> {
                    value.set(2);
                    return 2;
                  }));
        }
        for (Thread thread : waiting) {
          Waiting.until("it waits", () -> isWaiting(thread));
        }
        if (closes) {
          pool.close();
        } else {
          lock.free();
          value.free();
        }
        Waiting.until("all waits have ended", () -> ended.size() == waiting.size());
        assertThat(ended).allSatisfy(e -> assertThat(e).isInstanceOf(IllegalStateException.class));
        over.countDown();
        updater.join();
      }
    }
  }

  private record Waits(SharedLock lock, SharedValue<Integer> begun) implements Serializable {}

  private static String acquire(Waits what) throws InterruptedException {
    what.begun().set(1);
    try (SharedLock.Hold hold = what.lock().acquire()) {
      return "acquired";
    } catch (IllegalStateException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void aLockThatIsFreedWhileAWorkerWaitsForItSaysSoThere() throws Exception {
    try (Pool pool = Pools.open(1)) {
      for (int i = 0; i < 10; i++) { // its memory goes at any moment of the wait
        SharedLock lock = SharedSpace.of(pool).lock();
        SharedValue<Integer> begun = SharedSpace.of(pool).value(0);
        var _ = lock.acquire();
        CompletableFuture<String> waits =
            pool.submit(new Waits(lock, begun), SharedObjectTest::acquire);
        Waiting.until("it waits, or is about to", () -> begun.get() == 1);
        lock.free();
        assertThat(waits.get()).contains("this shared object was freed");
      }
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isWaiting(Thread thread) {
    return thread.getState() == Thread.State.WAITING
        || thread.getState() == Thread.State.TIMED_WAITING;
  }

  private static Thread waits(Collection<Throwable> ended, Callable<?> wait) {
    return Thread.startVirtualThread(() -> {
      try {
        var _ = wait.call();
        ended.add(new AssertionError("it was acquired"));
      } catch (Exception e) {
        ended.add(e);
      }
    });
  }

  /** A value that no process can read. */
  private static final class Unreadable implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    @Serial
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
      throw new InvalidObjectException("planted");
    }
  }

  @Test
  void aValueThatCannotBeReadCanBeReplaced() throws Exception {
    try (Pool pool = ThreadPool.open()) {
      SharedValue<Object> value = SharedSpace.of(pool).value(new Unreadable());
      assertThatThrownBy(() -> value.update(old -> "x")).isInstanceOf(UncheckedIOException.class);
      value.set("next");
      assertThat(value.get()).isEqualTo("next");
    }
  }

  @Test
  void anotherPoolsWorkersCannotUseIt() throws Exception {
    try (Pool pool = Pools.open(1);
        Pool other = Pools.open(1)) {
      SharedCounter counter = SharedSpace.of(pool).counter(0);
      List<Outcome<Long>> outcomes = other.outcomes(List.of(counter), c -> c.increment()).toList();
      assertThat(outcomes.getFirst()).isInstanceOf(Outcome.Failed.class);
      assertThat(((Outcome.Failed<Long>) outcomes.getFirst()).cause())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("belongs to a pool that this process neither opened nor");
    }
  }

  @Test
  void whatADeadWorkerWasMakingIsDeleted() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      CompletableFuture<Long> makes =
          pool.submit(
              folders(pool),
              folders -> {
                Thread.ofPlatform()
                    .start(() -> {
                      while (true) {
                        shared.bytes(16 << 20).free(); // takes time, and room for one
                      }
                    });
                while (files(folders, "making-*").isEmpty()) {
                  Thread.onSpinWait();
                }
                Runtime.getRuntime().halt(1);
                return 0L;
              });
      assertThatThrownBy(() -> Pools.soon(makes)).isInstanceOf(ExecutionException.class);
      assertThat(files(pool, "making-*")).isEmpty();
    }
  }

  /** Python's queue stays locked for ever if a process dies while it puts or gets. */
  @Test
  void killedSendersAndReceiversLoseWhatTheyHadAndNoMore() throws Exception {
    // A task that obeys its interrupt late is no reason to kill its worker: only the test kills.
    try (Pool pool = Pools.open(3, o -> o.withPolicy(o.policy().withGrace(Waiting.DEADLINE)))) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<Long> queue = shared.queue(4);
      for (int round = 0; round < 6; round++) {
        SharedCounter pids = shared.counter(0);
        SharedCounter sender = shared.counter(0);
        SharedCounter receivers = shared.counter(0);
        SharedCounter over =
            shared.counter(0); // tasks that have left the queue alone, but the dead
        List<CompletableFuture<Integer>> tasks = new java.util.ArrayList<>();
        tasks.add(
            pool.submit(
                0,
                x -> {
                  sender.set(Pools.pid());
                  try {
                    for (long i = 0; ; i++) {
                      queue.send(i);
                    }
                  } finally {
                    over.increment();
                  }
                }));
        for (int i = 0; i < 2; i++) {
          tasks.add(
              pool.submit(
                  0,
                  x -> {
                    pids.set(Pools.pid());
                    receivers.increment();
                    long last = -1;
                    try {
                      while (true) {
                        long next = queue.receive();
                        if (next <= last) {
                          throw new IllegalStateException(next + " came after " + last);
                        }
                        last = next;
                      }
                    } finally {
                      over.increment();
                    }
                  }));
        }
        sender.awaitAtLeast(1);
        receivers.awaitAtLeast(2); // one that has not begun would never be over
        long seen = queue.receive();
        Waiting.until("they work", () -> receive(queue) > seen + 50);
        // One of the receivers, or the sender, in the middle of whatever it does.
        kill(round % 2 == 0 ? pids.get() : sender.get());
        if (round % 2 == 0) {
          long then = receive(queue);
          Waiting.until("the others work on", () -> receive(queue) > then + 50);
          kill(sender.get());
        }
        for (CompletableFuture<Integer> task : tasks) {
          if (task.isDone()) {
            continue;
          }
          Waiting.until(
              "a receiver waits for nothing, or is dead",
              Leftovers.SOON,
              () -> queue.size() == 0 || task.isDone());
          task.cancel(true);
        }
        for (CompletableFuture<Integer> task : tasks) {
          Waiting.until("it is over", Leftovers.SOON, task::isDone);
        }
        over.awaitAtLeast(round % 2 == 0 ? 1 : 2); // a cancelled one may still receive for a moment
        while (queue.tryReceive() != null) {
          // What the dead sender had sent.
        }
        queue.send(-5L);
        assertThat(queue.receive()).isEqualTo(-5L);
      }
    }
  }

  /** What came of a wait at a barrier, in a worker. */
  private static String met(SharedBarrier barrier) throws InterruptedException {
    try {
      return "met as " + barrier.await();
    } catch (SharedBarrierBrokenException e) {
      return e.died() == null ? "broken by nobody's death" : "broken by " + e.died().pid();
    }
  }

  @Test
  void aBarrierIsBrokenByTheDeathOfOneThatWaitsAndSaysWhose() throws Exception {
    try (Pool pool = Pools.open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedBarrier barrier = shared.barrier(3);
      SharedCounter pid = shared.counter(0);
      CompletableFuture<String> dies =
          pool.submit(
              0,
              x -> {
                pid.set(Pools.pid());
                return met(barrier);
              });
      Waiting.until("it waits", () -> barrier.waiting() == 1);
      CompletableFuture<String> waits = pool.submit(0, x -> met(barrier));
      Waiting.until("both wait", () -> barrier.waiting() == 2);
      kill(pid.get());
      assertThat(Pools.soon(waits)).isEqualTo("broken by " + pid.get());
      assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
      assertThatThrownBy(barrier::await)
          .isInstanceOf(SharedBarrierBrokenException.class)
          .hasMessageContaining("process " + pid.get())
          .hasMessageContaining("SIGKILL");
    }
  }

  @Test
  void aBarrierIsBrokenByTheDeathOfOneThatHasNotComeBack() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedBarrier barrier = shared.barrier(2);
      CompletableFuture<Long> dies =
          pool.submit(
              0,
              x -> {
                var _ = barrier.await();
                signal("KILL", Pools.pid());
                return 0L;
              });
      assertThat(barrier.await()).isBetween(0, 1);
      assertThatThrownBy(barrier::await)
          .isInstanceOf(SharedBarrierBrokenException.class)
          .hasMessageContaining("SIGKILL");
      assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
    }
  }

  @Test
  void aWorkerThatIsReplacedBetweenTasksBreaksNoBarrier() throws Exception {
    try (Pool pool = Pools.open(1, o -> o.withMaxTasks(1))) {
      SharedBarrier barrier = SharedSpace.of(pool).barrier(2);
      for (int i = 0; i < 3; i++) {
        CompletableFuture<Integer> meets = pool.submit(0, x -> barrier.await());
        assertThat(barrier.await() + (int) Pools.soon(meets)).isEqualTo(1);
      }
    }
  }

  @Test
  void aDeathInAnUpdateLeavesTheOldValue() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedValue<String> value = shared.value("old");
      CompletableFuture<String> dies =
          pool.submit(
              0,
              x ->
                  value.update(old -> {
                    Runtime.getRuntime().halt(7);
                    return "never";
                  }));
      assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
      assertThat(value.get()).isEqualTo("old");
      assertThat(value.update(old -> old + " and new")).isEqualTo("old and new");
    }
  }

  @Test
  void whatWasOnLeaseComesBackFirstAndSaysWhoDiedWithIt() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<String> queue = shared.queue(10);
      queue.sendAll(List.of("one", "two", "three"));
      for (int deaths = 1; deaths <= 2; deaths++) {
        CompletableFuture<Integer> dies =
            pool.submit(
                0,
                x -> {
                  var one = queue.lease();
                  var two = queue.lease();
                  two.close();
                  Runtime.getRuntime().halt(one.element().equals("one") ? 7 : 8);
                  return 0;
                });
        assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
        assertThat(queue.size()).isEqualTo(deaths == 1 ? 2 : 1);
      }
      queue.send("four");
      try (var back = queue.lease()) {
        assertThat(back.element()).isEqualTo("one");
        assertThat(back.deaths()).isEqualTo(2);
        assertThat(back.died()).isNotNull();
        assertThat(back.died().exitCode()).isEqualTo(7);
      }
      assertThat(queue.receive()).isEqualTo("four");
      assertThat(queue.tryLease()).isNull();
      assertThat(files(pool, "object-e-*")).as("the bytes on lease").hasSize(1);
      queue.free();
      assertThat(files(pool, "object-*")).isEmpty();
    }
  }

  @Test
  void aClosedQueueWaitsForTheLeasesOfOthers() throws Exception {
    try (Pool pool = Pools.open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<String> queue = shared.queue(10);
      SharedCounter pid = shared.counter(0);
      queue.send("the last");
      CompletableFuture<Integer> dies =
          pool.submit(
              0,
              x -> {
                try (var _ = queue.lease()) {
                  pid.set(Pools.pid());
                  shared.flag().await(); // for ever
                }
                return 0;
              });
      pid.awaitAtLeast(1);
      queue.close();
      assertThat(queue.tryReceive(java.time.Duration.ofMillis(20))).isNull();
      CompletableFuture<Integer> works =
          pool.submit(
              0,
              x -> {
                int done = 0;
                for (var delivery : queue.deliveries()) {
                  delivery.close();
                  done++;
                }
                return done;
              });
      kill(pid.get());
      assertThat(Pools.soon(works)).isEqualTo(1);
      assertThatThrownBy(queue::tryReceive).isInstanceOf(SharedQueueClosedException.class);
      assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
    }
  }

  @Test
  void aDeathNamesTheElementThatIsGoneWithIt() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedQueue<Integer> queue = SharedSpace.of(pool).queue(10);
      queue.sendAll(List.of(1, 2, 3, 4));
      assertThat(queue.receive()).isEqualTo(1);
      CompletableFuture<Integer> dies =
          pool.submit(
              0,
              x -> {
                int sum = queue.receive() + queue.receive();
                Runtime.getRuntime().halt(sum);
                return 0;
              });
      assertThatThrownBy(() -> Pools.soon(dies))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("element number 3 of " + queue);
      assertThat(queue.receive()).isEqualTo(4);
    }
  }

  @Test
  void aQueueEndsWithAProducerThatIsKilled() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<Long> queue = shared.queue(10);
      queue.closeAfter(
          pool.submit(
              0,
              x -> {
                queue.send(Pools.pid());
                shared.flag().await(); // for ever
                return 0;
              }));
      kill(queue.receive());
      assertThatThrownBy(queue::receive)
          .isInstanceOf(SharedQueueClosedException.class)
          .hasMessageContaining("SIGKILL");
    }
  }

  private static long receive(SharedQueue<Long> queue) {
    try {
      Long next = queue.tryReceive(java.time.Duration.ofSeconds(30));
      return next == null ? -1 : next;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
