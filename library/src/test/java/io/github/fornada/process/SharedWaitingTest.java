package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.shared.SharedArray;
import io.github.fornada.shared.SharedCounter;
import io.github.fornada.shared.SharedFlag;
import io.github.fornada.shared.SharedLock;
import io.github.fornada.shared.SharedQueue;
import io.github.fornada.shared.SharedSpace;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Where processes listen that wait for shared objects: at FIFOs, or at sockets. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class SharedWaitingTest {
  @Test
  void theyListenAtFifos() throws Exception {
    try (Pool pool = Pools.open(2)) {
      wakeEachOther(pool);
      assertThat(count(pool, "ear-*")).isPositive();
      assertThat(count(pool, "seat-*")).isZero();
    }
  }

  @Test
  void theyListenAtSocketsWhereThereAreNoFifos() throws Exception {
    System.setProperty(HandshakeServer.PROPERTY, "sockets");
    try (Pool pool = Pools.open(2)) {
      wakeEachOther(pool);
      assertThat(count(pool, "ear-*")).isZero();
      assertThat(count(pool, "seat-*")).isPositive();
    } finally {
      System.clearProperty(HandshakeServer.PROPERTY);
    }
  }

  private static void wakeEachOther(Pool pool) throws Exception {
    SharedSpace shared = SharedSpace.of(pool);
    SharedLock lock = shared.lock();
    SharedCounter owner = shared.counter(0);
    SharedFlag never = shared.flag();
    SharedQueue<Integer> queue = shared.queue(2);
    CompletableFuture<Integer> dies =
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
    assertThat(queue.tryReceive(Duration.ofMillis(5))).isNull();
    CompletableFuture<Boolean> next =
        pool.submit(
            0,
            x -> {
              queue.send(1);
              try (var hold = lock.acquire()) {
                return hold.died() != null;
              }
            });
    assertThat(queue.receive()).isEqualTo(1);
    ProcessHandle.of(owner.get()).orElseThrow().destroyForcibly();
    assertThat(Pools.soon(next)).isEqualTo(true);
    assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
  }

  @Test
  void waitingForALockThatIsNotReleasedCostsNothing() throws Exception {
    int waiting = 3; // the lock is handed over to one, and the others have to ask for it
    try (Pool pool = Pools.open(waiting)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedLock lock = shared.lock();
      SharedCounter begun = shared.counter(0);
      SharedArray pids = shared.longs(waiting);
      var tasks = new ArrayList<CompletableFuture<Integer>>();
      try (var _ = lock.acquire()) {
        for (int i = 0; i < waiting; i++) {
          tasks.add(
              pool.submit(
                  i,
                  place -> {
                    pids.setLong(place, Pools.pid());
                    long _ = begun.increment();
                    lock.acquire().close();
                    return 0;
                  }));
        }
        begun.awaitAtLeast(waiting);
        // The JVM's own threads are some of them, and more so while it compiles what it has begun.
        // Once a millisecond would be 1,000.
        double few = 170;
        double rate = Waiting.oneOfFew(() -> mostWakeUpsInASecond(pids), each -> each < few);
        assertThat(rate).isLessThan(few);
      }
      for (CompletableFuture<Integer> task : tasks) {
        assertThat(Pools.soon(task)).isEqualTo(0);
      }
    }
  }

  @Test
  void aRingWakesNoThreadThatWaitsForSomethingElse() throws Exception {
    int rounds = 200;
    var waiting = new ArrayList<Thread>();
    try (Pool pool = Pools.open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<Integer> there = shared.queue(1);
      SharedQueue<Integer> back = shared.queue(1);
      CompletableFuture<Integer> echo =
          pool.submit(
              0,
              x -> {
                for (int i = 0; i < rounds; i++) {
                  back.send(there.receive());
                }
                return 0;
              });
      SharedFlag go = shared.flag();
      for (int i = 0; i < 20; i++) {
        waiting.add(Thread.ofPlatform().start(() -> awaitQuietly(go)));
      }
      for (Thread thread : waiting) {
        Waiting.until(
            "it waits",
            () ->
                thread.getState() == Thread.State.WAITING
                    || Arrays.stream(thread.getStackTrace())
                        .anyMatch(frame -> frame.getMethodName().equals("listen")));
      }
      long before = ownWakeUps(waiting);
      for (int i = 0; i < rounds; i++) {
        there.send(i);
        assertThat(back.receive()).isEqualTo(i);
      }
      // One of them listens for all, or is woken to do so; each ring woke all 20 once.
      assertThat(ownWakeUps(waiting) - before).isLessThan(5L * rounds);
      go.set();
      for (Thread thread : waiting) {
        thread.join();
      }
      assertThat(Pools.soon(echo)).isEqualTo(0);
    }
  }

  private static void awaitQuietly(SharedFlag flag) {
    try {
      flag.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** How often these threads of this process have blocked or waited. */
  private static long ownWakeUps(List<Thread> threads) {
    var management = ManagementFactory.getThreadMXBean();
    long[] ids = threads.stream().mapToLong(Thread::threadId).toArray();
    return Arrays.stream(management.getThreadInfo(ids)).mapToLong(ThreadInfo::getWaitedCount).sum();
  }

  /** Of the process that was woken the most. */
  private static double mostWakeUpsInASecond(SharedArray pids) throws IOException {
    int count = (int) pids.length();
    long before = System.nanoTime();
    var wakeUps = new long[count];
    for (int i = 0; i < count; i++) {
      wakeUps[i] = -wakeUps(pids.getLong(i));
    }
    Waiting.until("they have waited", () -> System.nanoTime() - before > 1_500_000_000L);
    for (int i = 0; i < count; i++) {
      wakeUps[i] += wakeUps(pids.getLong(i));
    }
    double seconds = (System.nanoTime() - before) / 1e9; // longer, if this test is kept waiting
    return Arrays.stream(wakeUps).max().getAsLong() / seconds;
  }

  /** How often the threads of a process have slept. */
  private static long wakeUps(long pid) throws IOException {
    long sum = 0;
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : threads) {
        for (String line : status(thread)) {
          if (line.startsWith("voluntary_ctxt_switches:")) {
            sum += Long.parseLong(line.substring(line.indexOf(':') + 1).strip());
          }
        }
      }
    }
    return sum;
  }

  private static List<String> status(Path thread) {
    try {
      return Files.readAllLines(thread.resolve("status"));
    } catch (IOException e) {
      return List.of(); // it has ended meanwhile, as those of a compiler do
    }
  }

  private static int count(Pool pool, String pattern) throws IOException {
    int count = 0;
    for (Path folder : Leftovers.folders((ProcessPool) pool)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, pattern)) {
        for (Path _ : files) {
          count++;
        }
      }
    }
    return count;
  }
}
