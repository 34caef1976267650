package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.Waiting;
import io.github.fornada.shared.SharedArray;
import io.github.fornada.shared.SharedBarrier;
import io.github.fornada.shared.SharedBarrierBrokenException;
import io.github.fornada.shared.SharedCounter;
import io.github.fornada.shared.SharedFlag;
import io.github.fornada.shared.SharedLatch;
import io.github.fornada.shared.SharedLock;
import io.github.fornada.shared.SharedObject;
import io.github.fornada.shared.SharedQueue;
import io.github.fornada.shared.SharedSemaphore;
import io.github.fornada.shared.SharedSpace;
import io.github.fornada.shared.SharedValue;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What shared objects promise in every pool. */
interface SharedObjectContract extends PoolUnderTest {
  Duration A_MOMENT = Duration.ofMillis(10);

  @Test
  default void tasksCountTogether() throws Exception {
    try (Pool pool = open(2)) {
      SharedCounter counter = SharedSpace.of(pool).counter(5);
      var _ = pool.map(IntStream.range(0, 1000).boxed().toList(), i -> counter.add(i));
      assertThat(counter.get()).isEqualTo(5 + 999 * 500);
      assertThat(counter.update(v -> v / 5)).isEqualTo(1 + 999 * 100);
      assertThat(counter.compareAndSet(7, 8)).isFalse();
    }
  }

  /** Something that carries a shared object. */
  record Part(SharedCounter counter, int by) implements Serializable {}

  @Test
  default void aSharedObjectIsAnItemOrPartOfOneAndComesBackAsItself() throws Exception {
    try (Pool pool = open(2)) {
      SharedCounter counter = SharedSpace.of(pool).counter(0);
      CompletableFuture<Long> one = pool.submit(counter, c -> c.increment());
      assertThat(PoolUnderTest.get(one)).isEqualTo(1);
      var _ = pool.map(List.of(new Part(counter, 3)), part -> part.counter().add(part.by()));
      assertThat(counter.get()).isEqualTo(4);
      SharedCounter back = PoolUnderTest.get(pool.submit(counter, c -> c));
      assertThat(back).isSameAs(counter);
    }
  }

  @Test
  default void aSharedObjectAndItsSpaceGoThroughAQueueAndAValueAndComeOutAsThemselves()
      throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedCounter counter = shared.counter(1);
      SharedQueue<Part> queue = shared.queue(4);
      SharedValue<List<SharedCounter>> value = shared.value(List.of(counter));
      SharedQueue<SharedSpace> spaces = shared.queue(1);
      queue.send(new Part(counter, 3));
      spaces.send(shared);
      CompletableFuture<SharedCounter> made =
          pool.submit(
              10,
              by -> {
                Part part = queue.receive();
                part.counter().add(part.by());
                value.get().getFirst().add(by);
                SharedCounter other = spaces.receive().counter(20);
                queue.send(new Part(other, 0));
                return other;
              });
      assertThat(PoolUnderTest.get(made).get()).isEqualTo(20);
      assertThat(counter.get()).isEqualTo(14);
      assertThat(queue.receive().counter()).isSameAs(PoolUnderTest.get(made));
    }
  }

  @Test
  default void anArrayWithoutRoomIsRefusedWithItsSize() {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      assertThatThrownBy(() -> shared.longs(1L << 44))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("a shared array needs " + ((1L << 47) + 4096) + " bytes");
    }
  }

  @Test
  default void aTaskMakesAnObjectForOthers() throws Exception {
    try (Pool pool = open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedArray made = PoolUnderTest.get(pool.submit(100L, n -> shared.longs(n)));
      var _ =
          pool.map(
              IntStream.range(0, 100).boxed().toList(),
              i -> {
                made.setLong(i, i * 2L);
                return made.addLong(0, 1);
              });
      assertThat(made.length()).isEqualTo(100);
      assertThat(made.getLong(99)).isEqualTo(198);
      assertThat(made.getLong(0)).isBetween(1L, 100L);
    }
  }

  @Test
  default void anArrayHasElementsOfItsType() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedArray doubles = shared.doubles(3);
      SharedArray ints = shared.ints(3);
      SharedArray floats = shared.floats(3);
      SharedArray bytes = shared.bytes(3);
      SharedArray shorts = shared.shorts(3);
      SharedArray chars = shared.chars(3);
      var _ =
          PoolUnderTest.get(
              pool.submit(
                  2,
                  i -> {
                    doubles.setDouble(i, 0.5);
                    ints.setInt(i, -7);
                    floats.setFloat(i, 1.5f);
                    bytes.setByte(i, (byte) -1);
                    shorts.setShort(i, (short) -2);
                    chars.setChar(i, 'x');
                    return doubles.addDouble(i, 0.25)
                        + ints.addInt(i, 1)
                        + floats.addFloat(i, 0.5f);
                  }));
      assertThat(doubles.getDouble(2)).isEqualTo(0.75);
      assertThat(ints.getInt(2)).isEqualTo(-6);
      assertThat(ints.compareAndSetInt(2, -6, 4)).isTrue();
      assertThat(floats.getFloat(2)).isEqualTo(2f);
      assertThat(bytes.getByte(2)).isEqualTo((byte) -1);
      assertThat(shorts.getShort(2)).isEqualTo((short) -2);
      assertThat(chars.getChar(2)).isEqualTo('x');
      assertThat(ints.segment().getAtIndex(ValueLayout.JAVA_INT, 2)).isEqualTo(4);
      assertThat(shared.longs(0).length()).isZero();
      assertThatThrownBy(() -> ints.getInt(3)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> ints.getLong(0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("elements of type int, not long");
      assertThatThrownBy(() -> shared.longs(-1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("got -1");
    }
  }

  @Test
  default void aTaskWaitsForAFlagThatIsSetElsewhere() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedFlag go = shared.flag();
      SharedFlag waits = shared.flag();
      CompletableFuture<Boolean> task =
          pool.submit(
              0,
              i -> {
                waits.set();
                go.await();
                return go.isSet();
              });
      waits.await();
      assertThat(go.await(A_MOMENT)).as("nobody has set it").isFalse();
      go.set();
      assertThat(PoolUnderTest.get(task)).isTrue();
      go.clear();
      assertThat(go.isSet()).isFalse();
    }
  }

  @Test
  default void aLatchOpensWhenAllHaveCountedDown() throws Exception {
    try (Pool pool = open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedLatch latch = shared.latch(20);
      SharedCounter counter = shared.counter(0);
      var results =
          IntStream.range(0, 20)
              .mapToObj(i ->
                  pool.submit(
                      i,
                      x -> {
                        latch.countDown();
                        return counter.increment();
                      }))
              .toList();
      latch.await();
      assertThat(latch.count()).isZero();
      counter.awaitAtLeast(20);
      assertThat(counter.awaitAtLeast(21, A_MOMENT)).isFalse();
      latch.countDown();
      assertThat(latch.count()).isZero();
      for (CompletableFuture<Long> result : results) {
        assertThat(PoolUnderTest.get(result)).isBetween(1L, 20L);
      }
    }
  }

  @Test
  default void aWaitEndsWhenItsTaskIsCancelled() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedFlag never = shared.flag();
      SharedFlag waits = shared.flag();
      SharedFlag over = shared.flag();
      CompletableFuture<Integer> task =
          pool.submit(
              0,
              i -> {
                waits.set();
                try {
                  never.await();
                } finally {
                  over.set();
                }
                return i;
              });
      waits.await();
      task.cancel(true);
      assertThat(over.await(PATIENCE)).isTrue();
    }
  }

  @Test
  default void aLockIsHeldByOneThreadAtATime() throws Exception {
    try (Pool pool = open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedLock lock = shared.lock();
      SharedArray plain = shared.longs(1);
      int rounds = 2000;
      List<CompletableFuture<Boolean>> tasks =
          IntStream.range(0, 2)
              .mapToObj(i ->
                  pool.submit(
                      rounds,
                      n -> {
                        for (int k = 0; k < n; k++) {
                          try (var outer = lock.acquire();
                              var inner = lock.acquire()) {
                            plain.setLong(0, plain.getLong(0) + 1);
                          }
                        }
                        return lock.isHeld();
                      }))
              .toList();
      for (int k = 0; k < rounds; k++) {
        try (var hold = lock.acquire()) {
          assertThat(hold.died()).isNull();
          plain.setLong(0, plain.getLong(0) + 1);
        }
      }
      for (CompletableFuture<Boolean> task : tasks) {
        assertThat(PoolUnderTest.get(task)).isFalse();
      }
      assertThat(plain.getLong(0)).isEqualTo(3L * rounds);
    }
  }

  @Test
  default void aLockThatIsHeldIsNotAcquiredInTime() throws Exception {
    try (Pool pool = open(1)) {
      SharedLock lock = SharedSpace.of(pool).lock();
      CompletableFuture<String> task;
      try (var hold = lock.acquire()) {
        task =
            pool.submit(
                0,
                i ->
                    lock.tryAcquire() == null && lock.tryAcquire(A_MOMENT) == null
                        ? "not acquired"
                        : "acquired");
        assertThat(PoolUnderTest.get(task)).isEqualTo("not acquired");
        assertThat(lock.isHeld()).isTrue();
      }
      SharedLock.Hold mine = lock.tryAcquire();
      assertThat(mine).isNotNull();
      mine.close();
      assertThatThrownBy(mine::close)
          .isInstanceOf(IllegalMonitorStateException.class)
          .hasMessageContaining("does not hold the shared lock");
    }
  }

  @Test
  default void atMostSoManyHaveAPermitAtOnce() throws Exception {
    try (Pool pool = open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedSemaphore semaphore = shared.semaphore(1);
      SharedCounter within = shared.counter(0);
      var tasks =
          IntStream.range(0, 2)
              .mapToObj(i ->
                  pool.submit(
                      500,
                      n -> {
                        long most = 0;
                        for (int k = 0; k < n; k++) {
                          try (var _ = semaphore.acquire()) {
                            most = Math.max(most, within.increment());
                            var _ = within.add(-1);
                          }
                        }
                        return most;
                      }))
              .toList();
      for (CompletableFuture<Long> task : tasks) {
        assertThat(PoolUnderTest.get(task)).isEqualTo(1);
      }
      SharedSemaphore.Permit permit = semaphore.tryAcquire();
      assertThat(permit).isNotNull();
      assertThat(semaphore.tryAcquire()).isNull();
      assertThat(semaphore.tryAcquire(A_MOMENT)).isNull();
      permit.close();
      permit.close();
      assertThat(semaphore.available()).isEqualTo(1);
      assertThatThrownBy(() -> shared.semaphore(0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("got 0");
    }
  }

  @Test
  default void partiesMeetAtABarrierRoundAfterRound() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      int rounds = 200;
      SharedBarrier barrier = shared.barrier(2);
      SharedArray plain = shared.longs(2);
      CompletableFuture<Integer> task =
          pool.submit(
              rounds,
              n -> {
                int wins = 0;
                for (int k = 0; k < n; k++) {
                  plain.setLong(1, plain.getLong(0) + 1);
                  wins += barrier.await() == 0 ? 1 : 0;
                  wins += barrier.await() == 0 ? 1 : 0;
                }
                return wins;
              });
      int wins = 0;
      for (int k = 0; k < rounds; k++) {
        wins += barrier.await() == 0 ? 1 : 0;
        assertThat(plain.getLong(1)).as("what the other did before").isEqualTo(k + 1);
        plain.setLong(0, k + 1);
        wins += barrier.await() == 0 ? 1 : 0;
      }
      assertThat(wins + PoolUnderTest.get(task)).as("one first in each").isEqualTo(2 * rounds);
      assertThat(barrier.parties()).isEqualTo(2);
      assertThat(barrier.waiting()).isZero();
      assertThat(barrier.isBroken()).isFalse();
      assertThatThrownBy(() -> shared.barrier(0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("got 0");
    }
  }

  @Test
  default void aPartyThatGivesUpBreaksTheBarrierForAll() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedBarrier barrier = shared.barrier(3);
      CompletableFuture<String> waits =
          pool.submit(
              0,
              x -> {
                try {
                  return "met as " + barrier.await();
                } catch (SharedBarrierBrokenException e) {
                  return e.died() == null ? "broken" : e.died().toString();
                }
              });
      Waiting.until("the other waits", () -> barrier.waiting() == 1);
      assertThatThrownBy(() -> barrier.await(A_MOMENT))
          .isInstanceOf(SharedBarrierBrokenException.class)
          .hasMessageContaining("waited for longer than its limit");
      assertThat(PoolUnderTest.get(waits)).isEqualTo("broken");
      assertThat(barrier.isBroken()).isTrue();
      assertThatThrownBy(barrier::await).isInstanceOf(SharedBarrierBrokenException.class);

      SharedBarrier second = shared.barrier(2);
      second.abort();
      assertThatThrownBy(second::await).isInstanceOf(SharedBarrierBrokenException.class);
      SharedBarrier third = shared.barrier(2);
      Thread.currentThread().interrupt();
      assertThatThrownBy(third::await).isInstanceOf(InterruptedException.class);
      assertThat(third.isBroken()).isTrue();
    }
  }

  /** Larger than a word, so that half of one could be seen. */
  record Best(long score, String name, List<Integer> path) implements Serializable {}

  @Test
  default void aValueIsReplacedAsAWhole() throws Exception {
    try (Pool pool = open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedValue<Best> best = shared.value(new Best(0, "0", List.of(0)), 4096);
      int rounds = 300;
      List<CompletableFuture<Boolean>> tasks =
          IntStream.range(0, 2)
              .mapToObj(i ->
                  pool.submit(
                      rounds,
                      n -> {
                        boolean whole = true;
                        for (int k = 0; k < n; k++) {
                          best.update(b -> next(b.score() + 1));
                          whole &= isWhole(best.get());
                        }
                        return whole;
                      }))
              .toList();
      for (CompletableFuture<Boolean> task : tasks) {
        while (!task.isDone()) {
          assertThat(isWhole(best.get())).isTrue();
        }
        assertThat(PoolUnderTest.get(task)).isTrue();
      }
      assertThat(best.get()).isEqualTo(next(2L * rounds));
      best.set(next(7));
      CompletableFuture<String> name = pool.submit(best, b -> b.get().name());
      assertThat(PoolUnderTest.get(name)).isEqualTo("7");
    }
  }

  private static Best next(long score) {
    return new Best(
        score, Long.toString(score), Collections.nCopies((int) (score % 50), (int) score));
  }

  private static boolean isWhole(Best best) {
    return best.score() == 0 || best.equals(next(best.score()));
  }

  @Test
  default void anUpdateThatFailsLeavesTheValue() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedValue<String> value = shared.value("old");
      assertThatThrownBy(() ->
              value.update(old -> {
                throw new IllegalArgumentException(old + " is not good");
              }))
          .hasMessage("old is not good");
      assertThatThrownBy(() -> value.set("x".repeat(5000)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a shared value of 5001 bytes does not fit into 4096 bytes");
      assertThatThrownBy(() -> value.update(old -> inner(value)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("within another one");
      assertThat(value.get()).isEqualTo("old");
      assertThat(value.update(old -> old + " and new")).isEqualTo("old and new");
      String odd = "1234567";
      value.set(odd);
      assertThat(value.get()).isEqualTo(odd);
      assertThatThrownBy(() -> shared.value("x", 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("got 0");
    }
  }

  private static String inner(SharedValue<String> value) {
    try {
      return value.update(old -> old);
    } catch (InterruptedException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Its own code throws, when it is written or when it is read. */
  final class OddElement implements Serializable {
    private static final long serialVersionUID = 1L;

    private final boolean writes;

    OddElement(boolean writes) {
      this.writes = writes;
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
      if (!writes) {
        throw new IllegalStateException("not now");
      }
      out.defaultWriteObject();
    }

    private void readObject(ObjectInputStream in) {
      throw new IllegalStateException("not here");
    }
  }

  @Test
  default void anElementWhoseOwnCodeThrowsIsToldAsOneThatCannotBeEncodedOrDecoded()
      throws Exception {
    try (Pool pool = open(1)) {
      SharedQueue<Object> queue = SharedSpace.of(pool).queue(4);
      assertThatThrownBy(() -> queue.send(new OddElement(false)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("cannot be encoded")
          .hasMessageContaining("not now");
      queue.send(new OddElement(true));
      queue.send("next");
      assertThatThrownBy(queue::receive)
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("could not be decoded")
          .hasMessageContaining("not here");
      assertThat(queue.receive()).isEqualTo("next");
    }
  }

  @Test
  default void aQueueThatIsClosedWithAnErrorHasNoElements() throws Exception {
    try (Pool pool = open(1)) {
      SharedQueue<Integer> queue = SharedSpace.of(pool).queue(4);
      queue.send(1);
      assertThat(queue.closeWithError(new IllegalStateException("no more"))).isTrue();
      assertThat(queue.size()).isZero();
    }
  }

  @Test
  default void whatIsFreedFailsAndSaysSo() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedFlag flag = shared.flag();
      SharedCounter counter = shared.counter(0);
      CompletableFuture<String> task =
          pool.submit(
              0,
              i -> {
                counter.increment();
                try {
                  flag.await();
                  return "set";
                } catch (IllegalStateException e) {
                  return "freed";
                }
              });
      counter.awaitAtLeast(1);
      flag.free();
      flag.free();
      assertThat(PoolUnderTest.get(task)).isEqualTo("freed");
      assertThatThrownBy(flag::set).isInstanceOf(IllegalStateException.class);
      SharedCounter inTask = PoolUnderTest.get(pool.submit(counter, c -> c));
      var _ =
          pool.map(
              Collections.nCopies(1, inTask),
              c -> {
                c.free();
                return 0;
              });
      Waiting.until("it is freed here too", () -> isFreed(counter));
    }
  }

  private static boolean isFreed(SharedCounter counter) {
    try {
      return counter.get() < 0;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  @Test
  default void thePoolFreesWhatIsLeft() {
    SharedCounter counter;
    SharedSpace shared;
    try (Pool pool = open(1)) {
      shared = SharedSpace.of(pool);
      counter = shared.counter(0);
      counter.increment();
      pool.shutdown();
      assertThatThrownBy(() -> SharedSpace.of(pool)).isInstanceOf(RejectedExecutionException.class);
    }
    assertThatThrownBy(counter::get).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> shared.counter(0)).isInstanceOf(IllegalStateException.class);
  }

  /** Of each kind one that was used, which has its memory here, and one that was not. */
  @Test
  default void whatIsUsedAfterItsEndSaysWhatItIsAndWhy() throws Exception {
    var uses = new ArrayList<ThrowingCallable>();
    for (boolean used : List.of(true, false)) {
      for (boolean freed : List.of(true, false)) {
        var objects = new ArrayList<SharedObject>();
        try (Pool pool = open(1)) {
          SharedSpace shared = SharedSpace.of(pool);
          SharedArray array = shared.longs(4);
          SharedBarrier barrier = shared.barrier(2);
          SharedCounter counter = shared.counter(0);
          SharedFlag flag = shared.flag();
          SharedLatch latch = shared.latch(2);
          SharedLock lock = shared.lock();
          SharedQueue<Integer> queue = shared.queue(4);
          SharedSemaphore semaphore = shared.semaphore(1);
          SharedValue<Integer> value = shared.value(1);
          objects.addAll(
              List.of(array, barrier, counter, flag, latch, lock, queue, semaphore, value));
          List<ThrowingCallable> these =
              List.of(
                  () -> array.getLong(1),
                  array::length,
                  () -> barrier.await(A_MOMENT),
                  counter::increment,
                  flag::isSet,
                  latch::countDown,
                  () -> Objects.requireNonNull(lock.tryAcquire()).close(),
                  () -> queue.trySend(1),
                  queue::tryReceive,
                  () -> Objects.requireNonNull(semaphore.tryAcquire()).close(),
                  value::get);
          if (used) {
            for (ThrowingCallable use : these) {
              use(use);
            }
          }
          uses.addAll(these);
          if (freed) {
            objects.forEach(SharedObject::free);
          }
        }
      }
    }
    assertThat(uses)
        .allSatisfy(use ->
            assertThatThrownBy(use)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("this shared object was freed, or its pool was closed"));
  }

  private static void use(ThrowingCallable use) throws Exception {
    try {
      use.call();
    } catch (SharedBarrierBrokenException | TimeoutException e) {
      // A barrier for two has one.
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Test
  default void anIndexBeyondTheArrayIsRefusedHoweverLarge() throws Exception {
    try (Pool pool = open(1)) {
      SharedArray longs = SharedSpace.of(pool).longs(4);
      SharedArray shorts = SharedSpace.of(pool).shorts(4);
      SharedArray doubles = SharedSpace.of(pool).doubles(4);
      for (long i : new long[] {-1, 4, 1L << 61, (1L << 62) + 1, Long.MIN_VALUE + 2, 1L << 63}) {
        assertThatThrownBy(() -> longs.setLong(i, 7)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> longs.addLong(i, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> longs.compareAndSetLong(i, 0, 1))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> shorts.getShort(i)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> doubles.addDouble(i, 1))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      assertThat(longs.segment().toArray(ValueLayout.JAVA_LONG)).containsOnly(0);
    }
  }

  @Test
  default void anInterruptedThreadMakesObjectsAndSharesBytesToo() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      Thread.currentThread().interrupt();
      SharedFlag flag = shared.flag();
      SharedArray ints = shared.ints(10);
      SharedBytes bytes = pool.share(new byte[] {1, 2});
      assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
      CompletableFuture<Boolean> isSet = pool.submit(flag, f -> f.isSet());
      assertThat(PoolUnderTest.get(isSet)).isFalse();
      assertThat(ints.length()).isEqualTo(10);
      assertThat(bytes.byteSize()).isEqualTo(2);
    } finally {
      var _ = Thread.interrupted();
    }
  }

  @Test
  default void aHoldThatIsClosedTwiceEndsNoOther() throws Exception {
    try (Pool pool = open(1)) {
      SharedLock lock = SharedSpace.of(pool).lock();
      try (var outer = lock.acquire()) {
        SharedLock.Hold inner = lock.acquire();
        inner.close();
        assertThatThrownBy(inner::close)
            .isInstanceOf(IllegalMonitorStateException.class)
            .hasMessageContaining("closed before");
        assertThat(lock.isHeld()).isTrue();
        assertThat(outer.died()).isNull();
        CompletableFuture<Boolean> elsewhere = pool.submit(lock, l -> l.tryAcquire() == null);
        assertThat(PoolUnderTest.get(elsewhere)).as("it is not free").isTrue();
      }
      assertThat(lock.isHeld()).isFalse();
    }
  }
}
