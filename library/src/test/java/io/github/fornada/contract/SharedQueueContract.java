package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.shared.SharedFlag;
import io.github.fornada.shared.SharedQueue;
import io.github.fornada.shared.SharedQueueClosedException;
import io.github.fornada.shared.SharedSpace;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What {@link SharedQueue} promises in every pool. */
interface SharedQueueContract extends PoolUnderTest {
  Duration A_WHILE = Duration.ofMillis(10);

  @SuppressWarnings("ArrayRecordComponent") // not compared
  record Parcel(int number, String text, int[] content) implements Serializable {}

  @Test
  default void elementsComeOutAsTheyWentIn() throws Exception {
    try (Pool pool = open(1)) {
      SharedQueue<Parcel> queue = SharedSpace.of(pool).queue(3, 4096);
      int count = 500;
      CompletableFuture<Integer> sends =
          pool.submit(
              count,
              n -> {
                try (queue) {
                  for (int i = 0; i < n; i++) {
                    queue.send(new Parcel(i, "number " + i, new int[i % 100]));
                  }
                }
                return n;
              });
      int next = 0;
      for (Parcel parcel : queue) {
        assertThat(parcel.number()).isEqualTo(next);
        assertThat(parcel.text()).isEqualTo("number " + next);
        assertThat(parcel.content()).hasSize(next % 100);
        next++;
      }
      assertThat(next).isEqualTo(count);
      assertThat(PoolUnderTest.get(sends)).isEqualTo(count);
      assertThat(queue.isClosed()).isTrue();
      assertThatThrownBy(queue::receive).isInstanceOf(SharedQueueClosedException.class);
      assertThatThrownBy(() -> queue.send(new Parcel(0, "", new int[0])))
          .isInstanceOf(SharedQueueClosedException.class);
    }
  }

  @Test
  default void manySendersAndReceiversLoseNothing() throws Exception {
    try (Pool pool = open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<Integer> numbers = shared.queue(8);
      SharedQueue<Integer> results = shared.queue(8);
      int each = 1000;
      List<CompletableFuture<Integer>> work =
          IntStream.range(0, pool.workers())
              .mapToObj(i ->
                  pool.submit(
                      i,
                      x -> {
                        int done = 0;
                        for (int number : numbers) {
                          results.send(2 * number);
                          done++;
                        }
                        return done;
                      }))
              .toList();
      var senders = new ArrayList<Thread>();
      for (int s = 0; s < 2; s++) {
        int from = s * each;
        senders.add(
            Thread.ofVirtual()
                .start(() -> {
                  for (int i = from; i < from + each; i++) {
                    try {
                      numbers.send(i);
                    } catch (InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                  }
                }));
      }
      var seen = new ArrayList<Integer>();
      while (seen.size() < 2 * each) {
        seen.addAll(results.receiveSome(5));
      }
      for (Thread sender : senders) {
        sender.join();
      }
      numbers.close();
      int done = 0;
      for (CompletableFuture<Integer> one : work) {
        done += PoolUnderTest.get(one);
      }
      assertThat(done).isEqualTo(2 * each);
      assertThat(seen)
          .containsExactlyInAnyOrderElementsOf(
              IntStream.range(0, 2 * each).mapToObj(i -> 2 * i).toList());
    }
  }

  @Test
  default void aFullQueueTakesNoMore() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<String> queue = shared.queue(2, 64);
      assertThat(queue.tryReceive()).isNull();
      assertThat(queue.tryReceive(A_WHILE)).isNull();
      assertThat(queue.trySend("one")).isTrue();
      assertThat(queue.trySend("two")).isTrue();
      assertThat(queue.trySend("three")).isFalse();
      assertThat(queue.trySend("three", A_WHILE)).isFalse();
      assertThat(queue.size()).isEqualTo(2);
      CompletableFuture<String> first =
          pool.submit(0, x -> queue.receive() + queue.receive() + queue.receive());
      queue.send("three");
      assertThat(PoolUnderTest.get(first)).isEqualTo("onetwothree");
      assertThatThrownBy(() -> queue.send("x".repeat(60)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("an element of 61 bytes does not fit into a queue of 64 bytes");
      assertThatThrownBy(() -> shared.queue(0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("got 0");
    }
  }

  @Test
  default void elementsAreSentAndReceivedInBatches() throws Exception {
    try (Pool pool = open(1)) {
      SharedQueue<Integer> queue = SharedSpace.of(pool).queue(16);
      List<Integer> all = IntStream.range(0, 1000).boxed().toList();
      CompletableFuture<Boolean> sends =
          pool.submit(
              all,
              these -> {
                queue.sendAll(these);
                queue.close();
                return queue.isClosed();
              });
      var seen = new ArrayList<Integer>();
      assertThatThrownBy(
              () -> {
                while (true) {
                  List<Integer> some = queue.receiveSome(10);
                  assertThat(some).hasSizeBetween(1, 10);
                  seen.addAll(some);
                }
              })
          .isInstanceOf(SharedQueueClosedException.class)
          .hasNoCause();
      assertThat(seen).isEqualTo(all);
      assertThat(PoolUnderTest.get(sends)).isTrue();
    }
  }

  /** Large arrays are copied straight to the queue and from it, also around its end. */
  @Test
  default void arraysOfEachKindAndLengthArriveAsTheyWere() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<Object> there = shared.queue(8, 1 << 13);
      SharedQueue<Object> back = shared.queue(8, 1 << 13);
      CompletableFuture<Integer> returns =
          pool.submit(
              0,
              x -> {
                int count = 0;
                for (Object array : there) {
                  back.send(array);
                  count++;
                }
                return count;
              });
      int sent = 0;
      for (int length : new int[] {0, 1, 127, 128, 511, 512, 513, 700}) {
        for (Object array : arraysOf(length)) {
          there.send(array);
          assertThat(next(back, sent % 3)).isEqualTo(array);
          sent++;
        }
      }
      there.close();
      assertThat(PoolUnderTest.get(returns)).isEqualTo(sent);
      assertThatThrownBy(() -> there.trySend(new long[1 << 10]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("an element of 8192 bytes does not fit into a queue of 8192");
    }
  }

  private static List<Object> arraysOf(int length) {
    var bytes = new byte[length];
    var shorts = new short[length];
    var chars = new char[length];
    var ints = new int[length];
    var longs = new long[length];
    var floats = new float[length];
    var doubles = new double[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) i;
      shorts[i] = (short) -i;
      chars[i] = (char) i;
      ints[i] = -i;
      longs[i] = (long) i << 32;
      floats[i] = i / 2f;
      doubles[i] = i / 3d;
    }
    return List.of(bytes, shorts, chars, ints, longs, floats, doubles);
  }

  private static Object next(SharedQueue<Object> queue, int way) throws InterruptedException {
    if (way == 0) {
      return queue.receive();
    }
    if (way == 1) {
      return queue.receiveSome(1).getFirst();
    }
    try (SharedQueue.Delivery<Object> delivery = queue.lease()) {
      return delivery.element();
    }
  }

  @Test
  default void anErrorEndsBothSides() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<Integer> queue = shared.queue(1);
      SharedFlag full = shared.flag();
      CompletableFuture<String> sends =
          pool.submit(
              0,
              x -> {
                queue.send(1);
                full.set();
                try {
                  queue.send(2);
                  return "sent";
                } catch (SharedQueueClosedException e) {
                  return String.valueOf(e.getCause());
                }
              });
      full.await();
      assertThat(queue.closeWithError(new IllegalStateException("no more"))).isTrue();
      assertThat(queue.closeWithError(new IllegalStateException("late"))).isFalse();
      assertThat(PoolUnderTest.get(sends)).contains("IllegalStateException").contains("no more");
      assertThatThrownBy(queue::tryReceive)
          .isInstanceOf(SharedQueueClosedException.class)
          .hasMessageContaining("closed with an error")
          .hasMessageContaining("no more");
    }
  }

  @Test
  default void anInterruptedReceiveHasTakenNothing() throws Exception {
    try (Pool pool = open(1)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<Integer> queue = shared.queue(1);
      SharedFlag waits = shared.flag();
      SharedFlag over = shared.flag();
      CompletableFuture<Integer> receives =
          pool.submit(
              0,
              x -> {
                waits.set();
                try {
                  return queue.receive();
                } finally {
                  over.set();
                }
              });
      waits.await();
      receives.cancel(true);
      assertThat(over.await(PATIENCE)).isTrue();
      queue.send(1);
      assertThat(queue.receive()).isEqualTo(1);
    }
  }

  @Test
  default void whatIsOnLeaseIsTakenOnce() throws Exception {
    try (Pool pool = open(1)) {
      SharedQueue<Parcel> queue = SharedSpace.of(pool).queue(8, 4096);
      int count = 200;
      CompletableFuture<Integer> works =
          pool.submit(
              0,
              x -> {
                int sum = 0;
                for (SharedQueue.Delivery<Parcel> delivery : queue.deliveries()) {
                  try (delivery) {
                    sum += delivery.element().number() + delivery.deaths();
                  }
                }
                return sum;
              });
      int mine = 0;
      for (int i = 0; i < count; i++) {
        queue.send(new Parcel(i, "number " + i, new int[i % 100]));
        try (var delivery = i % 3 == 0 ? queue.tryLease() : null) {
          if (delivery != null) {
            mine += delivery.element().number();
            assertThat(delivery.element().content()).hasSize(delivery.element().number() % 100);
            assertThat(delivery.died()).isNull();
          }
        }
      }
      queue.close();
      assertThat(mine + PoolUnderTest.get(works)).isEqualTo(count * (count - 1) / 2);
      assertThatThrownBy(queue::lease).isInstanceOf(SharedQueueClosedException.class);
      assertThatThrownBy(queue::tryLease).isInstanceOf(SharedQueueClosedException.class);
    }
  }

  @Test
  default void leasesHaveAsMuchRoomAsTheQueue() throws Exception {
    try (Pool pool = open(1)) {
      SharedQueue<String> queue = SharedSpace.of(pool).queue(4, 64);
      assertThat(queue.tryLease()).isNull();
      assertThat(queue.tryLease(A_WHILE)).isNull();
      queue.send("x".repeat(30));
      SharedQueue.Delivery<String> first = queue.lease();
      assertThat(first.element()).hasSize(30);
      queue.send("y".repeat(39));
      assertThat(queue.tryLease()).as("40 bytes beside 31").isNull();
      assertThat(queue.tryLease(A_WHILE)).isNull();
      CompletableFuture<String> waits =
          pool.submit(
              0,
              x -> {
                try (var delivery = queue.lease()) {
                  return delivery.element();
                }
              });
      first.close();
      first.close();
      assertThat(PoolUnderTest.get(waits)).isEqualTo("y".repeat(39));
      queue.send("z".repeat(39));
      try (var whole = queue.lease()) {
        assertThat(whole.element()).isEqualTo("z".repeat(39));
      }
    }
  }

  @Test
  default void aQueueEndsWithItsProducers() throws Exception {
    try (Pool pool = open(2)) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<Integer> queue = shared.queue(100);
      SharedFlag go = shared.flag();
      queue.closeAfter(
          pool.submit(1, x -> send(queue, x)),
          pool.submit(
              2,
              x -> {
                go.await();
                return send(queue, x);
              }));
      assertThat(queue.receive()).isEqualTo(1);
      assertThat(queue.isClosed()).as("one goes on").isFalse();
      go.set();
      assertThat(queue.receive()).isEqualTo(2);
      assertThatThrownBy(queue::receive)
          .isInstanceOf(SharedQueueClosedException.class)
          .hasNoCause();

      SharedQueue<Integer> failing = shared.queue(100);
      CompletableFuture<Integer> fails =
          pool.submit(
              3,
              x -> {
                throw new IllegalArgumentException("no " + x);
              });
      failing.closeAfter(List.of(fails));
      assertThatThrownBy(failing::receive)
          .isInstanceOf(SharedQueueClosedException.class)
          .hasMessageContaining("no 3");
      SharedQueue<Integer> none = shared.queue(1);
      none.closeAfter();
      assertThat(none.isClosed()).isTrue();
    }
  }

  private static int send(SharedQueue<Integer> queue, int element) throws InterruptedException {
    queue.send(element);
    return element;
  }
}
