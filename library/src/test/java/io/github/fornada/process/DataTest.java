package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import io.github.fornada.process.wire.RingWriter;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arguments and results of all sizes and shapes, and what is kept of them. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class DataTest {
  private static Pool pool;

  @BeforeAll
  static void open() {
    pool = Pools.open(2, o -> o.withHeap("900m"));
  }

  @AfterAll
  static void end() throws InterruptedException {
    Pools.end(pool);
  }

  /** Around the largest message of the ring, too. */
  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, 7, 8, 131_000, 131_025, 131_050, 131_071, 131_072, 131_073, 1 << 20, 200 << 20})
  void bytesThereAndBack(int length) throws Exception {
    byte[] there = new byte[length];
    for (int i = 0; i < length; i += 4093) {
      there[i] = (byte) (i * 31);
    }
    CompletableFuture<byte[]> back = pool.submit(there, x -> x);
    assertThat(java.util.Arrays.equals((byte[]) Pools.soon(back), there)).isTrue();
  }

  /** Small ones go in messages, large ones in files. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000, 500_000})
  void arraysOfAllPrimitiveTypesThereAndBack(int length) throws Exception {
    var ints = new int[length];
    var longs = new long[length];
    var doubles = new double[length];
    var floats = new float[length];
    var shorts = new short[length];
    var chars = new char[length];
    var flags = new boolean[length];
    for (int i = 0; i < length; i++) {
      ints[i] = i * 31;
      longs[i] = (i * 1_000_003L) << 20;
      doubles[i] = i / 3.0;
      floats[i] = i / 3f;
      shorts[i] = (short) i;
      chars[i] = (char) i;
      flags[i] = i % 3 == 0;
    }
    for (Object there : List.of(ints, longs, doubles, floats, shorts, chars, flags)) {
      assertThat(java.util.Objects.deepEquals(Pools.soon(pool.submit(there, x -> x)), there))
          .as(there.getClass().getSimpleName())
          .isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 1001, 3_000_001})
  void buffersThereAndBack(int length) throws Exception {
    for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      for (ByteBuffer all :
          List.of(ByteBuffer.allocate(length + 9), ByteBuffer.allocateDirect(length + 9))) {
        for (int i = 0; i < length; i += 97) {
          all.put(i + 4, (byte) i);
        }
        ByteBuffer there = all.position(4).limit(length + 4).order(order);
        var back = (ByteBuffer) Pools.soon(pool.submit(there, x -> x));
        assertThat(back.order()).isEqualTo(order);
        assertThat(back).as("from the position to the limit").isEqualTo(there);
        assertThat(there.position()).as("the buffer itself, untouched").isEqualTo(4);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 1001, 3_000_001})
  void memorySegmentsThereAndBack(int length) throws Exception {
    try (Arena arena = Arena.ofShared()) {
      for (MemorySegment there :
          List.of(arena.allocate(length), MemorySegment.ofArray(new byte[length]))) {
        for (int i = 0; i < length; i += 97) {
          there.set(ValueLayout.JAVA_BYTE, i, (byte) i);
        }
        CompletableFuture<MemorySegment> same = pool.submit(there, x -> x);
        var back = (MemorySegment) Pools.soon(same);
        assertThat(back.byteSize()).isEqualTo(length);
        assertThat(back.mismatch(there)).isEqualTo(-1);
        CompletableFuture<Long> first =
            pool.submit(there, x -> x.byteSize() < 8 ? 0 : x.get(ValueLayout.JAVA_LONG, 0));
        assertThat(Pools.soon(first)).as("aligned for all types").isEqualTo(0L);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 3_000_000})
  void aSegmentThatWasClosedFailsItsItemOnly(int length) throws Exception {
    MemorySegment closed;
    try (Arena arena = Arena.ofShared()) {
      closed = arena.allocate(length);
    }
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> Pools.soon(pool.submit(closed, x -> x.byteSize())))
          .hasMessageContaining("Already closed");
      CompletableFuture<MemorySegment> result =
          pool.submit(
              length,
              n -> {
                try (Arena arena = Arena.ofConfined()) {
                  return arena.allocate(n);
                }
              });
      assertThatThrownBy(() -> Pools.soon(result)).hasMessageContaining("Already closed");
      assertThat(Pools.soon(pool.submit(new byte[length], x -> x.length))).isEqualTo(length);
    }
  }

  @Test
  @EnabledIfSystemProperty(
      named = "fornada.large",
      matches = "true",
      disabledReason = "needs 8 GB of memory and 2 GB on disk: -Dfornada.large=true -Dtest.heap=4g")
  void oneAndAHalfGibibytesThereAndBack() throws Exception {
    int length = 3 << 29;
    try (Pool own = Pools.open(1, o -> o.withHeap("3500m"))) {
      byte[] there = new byte[length];
      there[length - 1] = 7;
      CompletableFuture<Integer> last = own.submit(there, x -> (int) x[x.length - 1]);
      assertThat(last.get(50, TimeUnit.SECONDS)).isEqualTo(7);
      there = null;
      CompletableFuture<byte[]> back =
          own.submit(
              length,
              n -> {
                byte[] all = new byte[n];
                all[n - 1] = 9;
                return all;
              });
      assertThat(back.get(50, TimeUnit.SECONDS)[length - 1]).isEqualTo((byte) 9);
    }
  }

  @Test
  void everyLengthAroundTheLargestMessageOfTheRing() throws Exception {
    List<byte[]> items =
        IntStream.range(RingWriter.LONGEST - 80, RingWriter.LONGEST + 10)
            .mapToObj(byte[]::new)
            .toList();
    List<byte[]> back = pool.map(items, x -> x);
    for (int i = 0; i < items.size(); i++) {
      assertThat(back.get(i)).hasSize(items.get(i).length);
    }
  }

  static final class Link implements Serializable {
    Link next;
  }

  @Test
  void aGraphTooDeepForTheStackFailsThatItemClearly() throws Exception {
    Link head = null;
    for (int i = 0; i < 500_000; i++) {
      var link = new Link();
      link.next = head;
      head = link;
    }
    CompletableFuture<Boolean> future = pool.submit(head, x -> x != null);
    assertThatThrownBy(() -> Pools.soon(future))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("StackOverflowError")
        .hasMessageContaining("Link is nested too deep to be written")
        .hasMessageContaining("-Xss");
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  private static Link chain(int length) {
    Link head = null;
    for (int i = 0; i < length; i++) {
      var link = new Link();
      link.next = head;
      head = link;
    }
    return head;
  }

  @Test
  void aFunctionTooDeepForTheStackFailsItsItemsClearly() throws Exception {
    Link deep = chain(500_000);
    CompletableFuture<Boolean> future = pool.submit(1, x -> deep == null);
    assertThatThrownBy(() -> Pools.soon(future))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("nested too deep to be written");
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  /** Read by very many calls in the process that owns the pool. */
  static final class DeepToRead implements Serializable {
    private static final long serialVersionUID = 1;

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      in.defaultReadObject();
      if (!Pools.isWorker()) {
        int _ = deeper(10_000_000);
      }
    }

    private static int deeper(int n) {
      return n == 0 ? 0 : 1 + deeper(n - 1);
    }
  }

  @Test
  void aResultThatOnlyTheParentCannotReadForItsDepthFailsClearly() throws Exception {
    CompletableFuture<DeepToRead> future = pool.submit(1, x -> new DeepToRead());
    assertThatThrownBy(() -> Pools.soon(future))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("the result of the task of 1 could not be read")
        .hasMessageContaining("nested too deep to be read");
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  @Test
  void aResultTooDeepForTheStackFailsThatItemClearly() throws Exception {
    CompletableFuture<Link> future =
        pool.submit(
            500_000,
            n -> {
              Link head = null;
              for (int i = 0; i < n; i++) {
                var link = new Link();
                link.next = head;
                head = link;
              }
              return head;
            });
    assertThatThrownBy(() -> Pools.soon(future))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("Link is nested too deep to be written");
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  @SuppressWarnings("JdkObsolete") // a list that is linked is what is tried
  @Test
  void aLongListIsNoDeepGraph() throws Exception {
    var list = new LinkedList<>(IntStream.range(0, 100_000).boxed().toList());
    CompletableFuture<Integer> size = pool.submit(list, List::size);
    assertThat(Pools.soon(size)).isEqualTo(100_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "äöü €", "\ud83d\ude00", "\ud800", "a\udc00b", "\0"})
  void stringsArriveAsTheyWere(String text) throws Exception {
    assertThat(Pools.soon(pool.submit(text, x -> x))).isEqualTo(text);
  }

  @Test
  void nullsAndSpecialNumbersArriveAsTheyWere() throws Exception {
    assertThat(Pools.soon(pool.submit((Object) null, x -> x))).isNull();
    for (Object o :
        List.of(Double.NaN, -0.0, Long.MIN_VALUE, Integer.MIN_VALUE, 'c', (short) 3, 1.5f, true)) {
      assertThat(Pools.soon(pool.submit(o, x -> x))).isEqualTo(o);
    }
    assertThat(Pools.soon(pool.submit(new int[0], x -> x))).isEqualTo(new int[0]);
    assertThat(Pools.soon(pool.submit(new long[] {1, -1}, x -> x))).isEqualTo(new long[] {1, -1});
    assertThat(Pools.soon(pool.submit(new double[] {Double.NaN}, x -> x)))
        .isEqualTo(new double[] {Double.NaN});
  }

  @Test
  void argumentsAndResultsAreReleased() throws Exception {
    List<WeakReference<Object>> kept = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      var item = new ArrayList<>(List.of(i));
      CompletableFuture<List<Integer>> future = pool.submit(item, x -> x);
      kept.add(new WeakReference<>(Pools.soon(future)));
      kept.add(new WeakReference<>(item));
    }
    Waiting.untilCollected(
        "all but the last are collected",
        Leftovers.SOON,
        () -> kept.stream().filter(r -> r.get() != null).count() <= 8);
  }

  @Test
  void threeHundredThousandTasksLeaveAFlatHeap() {
    try (Pool own = Pools.open(2)) {
      long used = 0;
      for (int round = 0; round < 3; round++) {
        try (Stream<Integer> all =
            own.completions(DataTest::endless, x -> x + 1)
                .limit(100_000)
                .map(c -> c.outcome().get())) {
          assertThat(all.mapToLong(x -> x).filter(x -> x > 0).count()).isEqualTo(100_000);
        }
        if (round == 1) {
          System.gc();
          used = usedBytes();
        }
      }
      long flat = used + (20L << 20);
      Waiting.untilCollected("the heap is flat", Leftovers.SOON, () -> usedBytes() < flat);
    }
  }

  private static long usedBytes() {
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static Iterator<Integer> endless() {
    return Stream.iterate(0, i -> i + 1).iterator();
  }

  @Test
  void fileDescriptorsAreFlatOverManyWorkers() throws Exception {
    Pool own = Pools.open(1);
    try {
      long before = 0;
      for (int i = 0; i < 15; i++) {
        CompletableFuture<Integer> future =
            own.submit(
                i,
                x -> {
                  Runtime.getRuntime().halt(1);
                  return x;
                });
        assertThatThrownBy(() -> Pools.soon(future)).isInstanceOf(ExecutionException.class);
        assertThat(Pools.soon(own.submit(1, x -> x + 1))).isEqualTo(2);
        if (i == 4) {
          before = descriptors();
        }
      }
      long limit = before + 4;
      Waiting.until("no more descriptors", Leftovers.SOON, () -> descriptors() <= limit);
    } finally {
      Pools.end(own);
    }
  }

  private static long descriptors() {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      long n = 0;
      for (Iterator<Path> it = all.iterator(); it.hasNext(); it.next()) {
        n++;
      }
      return n;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  static final class Holder implements Serializable {
    final List<Object> parts = new ArrayList<>();
  }

  @Test
  void whatCannotBeSentIsNamedByTheWayThroughTheFields() {
    var holder = new Holder();
    holder.parts.add("fine");
    holder.parts.add(new Object());
    assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> holder.parts.size() + x)))
        .hasMessageContaining("captured value 1.parts[1] (java.lang.Object)")
        .hasMessageContaining("Serializable");
    assertThatThrownBy(() -> Pools.soon(pool.submit(holder, x -> x.parts.size())))
        .hasMessageContaining("the item.parts[1] (java.lang.Object)");
  }

  @Test
  void aResultThatCannotBeWrittenFailsItsItemAndNamesTheClass() {
    assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> new Object())))
        .hasMessageContaining("java.lang.Object");
  }
}
