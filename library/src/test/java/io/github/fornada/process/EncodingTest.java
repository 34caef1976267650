package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Busy;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Items and functions whose writeObject does not return: they end, and nothing else is affected.
 */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class EncodingTest {
  private static final Duration GRACE = Duration.ofMillis(100);
  private static final Duration LIMIT = Busy.scaled(Duration.ofMillis(500));

  /** The hang of one test. */
  static final class Hang {
    final CountDownLatch begun = new CountDownLatch(1);
    volatile boolean over;

    void happen() {
      begun.countDown();
      while (!over) { // ignores interrupts, and leaves the flag set
        if (Thread.currentThread().isInterrupted()) {
          Thread.onSpinWait();
        } else {
          LockSupport.parkNanos(1_000_000);
        }
      }
    }
  }

  private static volatile Hang hang = new Hang();

  @AfterEach
  void nothingHangsAnyLonger() {
    hang.over = true;
    Waiting.until("abandoned threads have ended", Leftovers.SOON, () -> abandoned().isEmpty());
    hang = new Hang();
    WRITERS.clear();
  }

  /** The threads that have begun to write something of one test. */
  private static final Set<Thread> WRITERS = ConcurrentHashMap.newKeySet();

  private static List<String> abandoned() {
    return WRITERS.stream()
        .filter(Thread::isAlive)
        .map(Thread::getName)
        .filter(name -> name.endsWith("-abandoned"))
        .toList();
  }

  /** An item whose writing runs user code. */
  static class Item implements Serializable {
    final int number;
    final boolean hangs;

    Item(int number, boolean hangs) {
      this.number = number;
      this.hangs = hangs;
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
      WRITERS.add(Thread.currentThread());
      out.defaultWriteObject();
      if (hangs) {
        hang.happen();
      }
    }
  }

  private static List<Item> items(int count, int culprit) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      items.add(new Item(i, i == culprit));
    }
    return items;
  }

  private static Pool open(int workers) {
    return Pools.open(workers, o -> o.withPolicy(o.policy().withGrace(GRACE)));
  }

  /** A pool with a limit for what hangs, whose workers are warm. */
  private static Pool open(int workers, Duration limit) {
    Pool pool =
        Pools.open(
            workers,
            o ->
                o.withInitializer(Pools::loadWhatItemsNeed)
                    .withPolicy(o.policy().withGrace(GRACE).withTimeout(limit)));
    Pools.warm(pool, items(40, -1), x -> x.number);
    return pool;
  }

  /** Returns what came of the objects until both workers had run one: where each has run. */
  private static List<Outcome<Long>> untilBothWorkersTakeObjects(Pool pool) {
    List<Outcome<Long>> all = new ArrayList<>();
    Waiting.until(
        "both workers have run an object",
        Leftovers.SOON,
        () -> {
          pool.outcomes(
                  items(8, -1),
                  x -> {
                    Thread.sleep(20);
                    return ProcessHandle.current().pid();
                  })
              .forEach(all::add);
          return pids(all.stream().filter(Outcome::isDone)).size() >= 2;
        });
    return all;
  }

  /** Throws if any was over its limit. */
  private static Set<Long> pids(Stream<Outcome<Long>> outcomes) {
    return outcomes.map(Outcome::get).collect(Collectors.toSet());
  }

  @Test
  void cancelOfAnItemThatHangsInItsWritingEndsIt() throws Exception {
    Pool pool = open(1);
    try {
      CompletableFuture<Integer> future = pool.submit(new Item(1, true), x -> x.number);
      hang.begun.await();
      assertThat(future.cancel(true)).isTrue();
      assertThat(Pools.soon(pool.submit(new Item(2, false), x -> x.number))).isEqualTo(2);
      pool.close(); // orderly, and so only if the item has ended
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void shutdownNowEndsThoughAnItemHangsInItsWriting() throws Exception {
    var pool = (ProcessPool) open(2);
    List<Path> folders = Leftovers.folders(pool);
    CompletableFuture<Integer> one = pool.submit(new Item(1, true), x -> x.number);
    CompletableFuture<Integer> two = pool.submit(new Item(1, true), x -> x.number);
    hang.begun.await();
    Pools.end(pool);
    assertThat(List.of(one, two)).allMatch(CompletableFuture::isDone);
    Waiting.until("no process is left", Leftovers.SOON, () -> Leftovers.marked(pool).isEmpty());
    Waiting.until(
        "no folder is left", Leftovers.SOON, () -> folders.stream().noneMatch(Files::exists));
  }

  @Test
  void anItemThatHangsInItsWritingIsOverItsLimitAndTellsWhere() throws Exception {
    List<Outcome<Integer>> outcomes =
        Waiting.oneOfFew(
            LIMIT,
            EncodingTest::thirtyWithOneThatHangs,
            // A stack that a busy machine does not give in time is left out.
            all -> Waiting.othersAreInTime(all, 11) && all.get(11).toString().contains("Hang"));
    for (int i = 0; i < 30; i++) {
      if (i == 11) {
        assertThat(outcomes.get(i)).isInstanceOf(Outcome.TimedOut.class);
        assertThat(((Outcome.TimedOut<Integer>) outcomes.get(i)).stack().toString())
            .contains("Hang.happen");
      } else {
        assertThat(outcomes.get(i).get()).isEqualTo(i);
      }
    }
  }

  private static List<Outcome<Integer>> thirtyWithOneThatHangs(Duration limit) throws Exception {
    Pool pool = open(2, limit);
    try {
      List<Outcome<Integer>> outcomes = pool.outcomes(items(30, 11), x -> x.number).toList();
      List<Outcome<Long>> _ = untilBothWorkersTakeObjects(pool);
      return outcomes;
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aThreadThatComesBackLaterFromAnItemHarmsNothing() throws Exception {
    Waiting.inEnoughTime(LIMIT, EncodingTest::aThreadComesBackLater);
  }

  private static void aThreadComesBackLater(Duration limit) throws Exception {
    hang = new Hang();
    Pool pool = open(2, limit);
    try {
      // Those that a busy machine has cost are replaced: from here on none is lost.
      Set<Long> before = pids(untilBothWorkersTakeObjects(pool).stream());
      List<Outcome<Integer>> nine = pool.outcomes(items(9, 4), x -> x.number).toList();
      assertThat(nine.get(4)).isInstanceOf(Outcome.TimedOut.class);
      for (int i = 0; i < 9; i++) {
        if (i != 4) {
          assertThat(nine.get(i).get()).isEqualTo(i);
        }
      }
      assertThat(abandoned()).isNotEmpty();
      hang.over = true;
      for (int round = 0; round < 20; round++) {
        int n = round;
        List<Integer> sums = pool.map(items(200, -1), x -> x.number + n);
        for (int i = 0; i < 200; i++) {
          assertThat(sums.get(i)).isEqualTo(i + n);
        }
      }
      Waiting.until("the thread has ended", Leftovers.SOON, () -> abandoned().isEmpty());
      Set<Long> after = pids(untilBothWorkersTakeObjects(pool).stream());
      assertThat(after).as("the same workers").isEqualTo(before);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aFunctionThatHangsInItsWritingIsOverTheLimitAndOthersKeepTheirNumbers() throws Exception {
    Waiting.inEnoughTime(LIMIT, EncodingTest::aFunctionHangsInItsWriting);
  }

  private static void aFunctionHangsInItsWriting(Duration limit) throws Exception {
    Pool pool = open(1, limit);
    try {
      List<TaskFunction<Integer, Integer>> functions = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        var captured = new Item(i, false);
        functions.add(x -> x + captured.number);
      }
      for (int i = 0; i < 3; i++) {
        assertThat(Pools.soon(pool.submit(10, functions.get(i)))).isEqualTo(10 + i);
      }
      var hanging = new Item(7, true);
      assertThat(pool.outcomes(List.of(1), x -> x + hanging.number).toList().getFirst())
          .isInstanceOf(Outcome.TimedOut.class);
      for (int i = 0; i < 6; i++) {
        assertThat(Pools.soon(pool.submit(10, functions.get(i)))).isEqualTo(10 + i);
      }
    } finally {
      Pools.end(pool);
    }
  }

  /** Is written slowly and ignores interrupts; all are so large that they go through a file. */
  static final class Slow implements Serializable {
    final byte[] ballast = new byte[2 << 20];
    final transient long nanos;

    Slow(long nanos) {
      this.nanos = nanos;
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
      WRITERS.add(Thread.currentThread());
      long end = System.nanoTime() + nanos;
      out.defaultWriteObject();
      while (System.nanoTime() < end) {
        Thread.onSpinWait();
      }
    }
  }

  /** It computes, and shares its processors. */
  @Test
  @Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
  void anInterruptForTheWritingOfAnItemHitsNothingElse() throws Exception {
    Duration limit = Duration.ofMillis(40);
    // A long grace: no worker is started anew because a busy machine lets it come late.
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withInitializer(Pools::loadWhatItemsNeed)
                    .withPolicy(o.policy().withGrace(Waiting.DEADLINE).withTimeout(limit)));
    try {
      for (int round = 0; round < 40; round++) {
        // Around the limit, in steps of a twentieth of a millisecond.
        var slow = new Slow(limit.toNanos() + (round - 20) * 50_000L);
        List<Outcome<Integer>> outcomes =
            pool.outcomes(List.of(slow, new Slow(0), new Slow(0)), x -> x.ballast.length).toList();
        // On a busy machine any may be over so short a limit; but none can fail of an interrupt.
        assertThat(outcomes).as("round %d", round).noneMatch(Outcome.Failed.class::isInstance);
        assertThat(outcomes).noneMatch(Outcome.Cancelled.class::isInstance);
      }
    } finally {
      Pools.end(pool);
    }
  }
}
