package io.github.fornada.fory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskFunction;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.spi.PayloadCodec;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.foreign.ValueLayout;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SimpleTimeZone;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Items and results as Fory writes them, to a worker and back. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
final class ForyCodecTest {
  record Point(int id, String name, double x) {}

  record Shape(String name, List<Point> corners, Map<String, Object> more, Point centre) {}

  enum Colour {
    RED,
    GREEN {
      @Override
      public String toString() {
        return "a body of its own";
      }
    }
  }

  /** Not a record, not serializable, with a private field. */
  static final class Node {
    private final String name;
    private Node next;

    Node(String name) {
      this.name = name;
    }
  }

  private static Pool pool;

  @BeforeAll
  static void open() {
    pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m").withCodec(new ForyCodec()));
  }

  @AfterAll
  static void end() throws InterruptedException {
    pool.shutdownNow();
    assertThat(pool.awaitTermination(60, TimeUnit.SECONDS)).as("the pool has ended").isTrue();
  }

  private static <T> T thereAndBack(T value) throws Exception {
    return pool.submit(value, x -> x).get();
  }

  @Test
  void recordsThatAreNotSerializableArriveAsTheyWere() throws Exception {
    var centre = new Point(3, null, Double.NaN);
    var shape =
        new Shape(
            "tri\u00e4ngle",
            List.of(new Point(1, "a", 0.5), new Point(2, "\uD83C\uDF70", -0.0)),
            Map.of("list", List.of(1, 2L, "x"), "point", centre),
            centre);
    assertThat(thereAndBack(shape)).isEqualTo(shape);
    List<Point> points = IntStream.range(0, 5000).mapToObj(i -> new Point(i, "p" + i, i)).toList();
    assertThat(pool.map(points, p -> new Point(p.id() + 1, p.name(), p.x() * 2)))
        .isEqualTo(points.stream().map(p -> new Point(p.id() + 1, p.name(), p.x() * 2)).toList());
  }

  @Test
  void theJdksOwnTypesArriveAsTheyWere() throws Exception {
    var colours = new EnumMap<Colour, Integer>(Colour.class);
    colours.put(Colour.GREEN, 1);
    for (Object value :
        List.of(
            new ArrayList<>(Arrays.asList(1, null, "x")),
            new HashMap<>(Map.of("k", List.of(1))),
            new TreeMap<>(Map.of(2, "b", 1, "a")),
            Set.of(1, 2, 3),
            Collections.nCopies(1000, "same"),
            Collections.unmodifiableList(new ArrayList<>(List.of(1))),
            colours,
            Colour.GREEN,
            Optional.of(new Point(1, "", 0)),
            Instant.EPOCH,
            UUID.randomUUID(),
            'c',
            (short) 3)) {
      assertThat(thereAndBack(value)).isEqualTo(value).hasSameClassAs(value);
    }
    assertThat(thereAndBack(new Object[] {1, new int[] {2}, null, "x"}))
        .isEqualTo(new Object[] {1, new int[] {2}, null, "x"});
    assertThat(pool.submit(new Point(1, "", 0), ForyCodecTest::nothing).get()).isNull();
  }

  private static Point nothing(Point point) {
    return null;
  }

  /** A record with bytes that are not copied. */
  record Slice(SharedBytes bytes, int from, int length) {}

  @Test
  void whatForyWouldChangeIsWrittenAsTheJdkDoes() throws Exception {
    for (Object value :
        List.of(
            Locale.forLanguageTag("zh-Hant-TW"),
            Locale.forLanguageTag("th-TH-u-nu-thai"),
            Locale.ROOT,
            new SimpleTimeZone(3_600_000, "XX"),
            TimeZone.getTimeZone("Europe/Lisbon"))) {
      assertThat(thereAndBack(value)).isEqualTo(value);
    }
    assertThat(thereAndBack(new Random(7)).nextLong()).isEqualTo(new Random(7).nextLong());
    var queue = thereAndBack(new ArrayBlockingQueue<Integer>(3));
    assertThat(queue).isEmpty();
    assertThat(queue.remainingCapacity()).isEqualTo(3);
  }

  @Test
  void sharedBytesInARecordAreTheSameBytesThere() throws Exception {
    try (SharedBytes bytes = pool.share(new byte[] {1, 2, 3, 4})) {
      assertThat(
              pool.submit(
                      new Slice(bytes, 1, 2),
                      slice ->
                          slice
                              .bytes()
                              .segment()
                              .asSlice(slice.from(), slice.length())
                              .toArray(ValueLayout.JAVA_BYTE))
                  .get())
          .containsExactly(2, 3);
    }
  }

  @Test
  void aMillionEmptyPlacesAreWellThoughTheyTakeHardlyAByte() throws Exception {
    assertThat(thereAndBack(new ArrayList<>(Collections.nCopies(1_000_000, null))))
        .hasSize(1_000_000);
  }

  @Test
  void whatIsThereTwiceStaysOneAndCyclesAreWell() throws Exception {
    var node = new Node("self");
    node.next = node;
    Node back = thereAndBack(node);
    assertThat(back.name).isEqualTo("self");
    assertThat(back.next).isSameAs(back);
    var shared = new ArrayList<>(List.of(1));
    List<List<Integer>> both = thereAndBack(new ArrayList<>(List.of(shared, shared)));
    assertThat(both.get(0)).isSameAs(both.get(1));
  }

  @Test
  void graphsAsDeepAsPromisedArriveAndDeeperOnesFailAlone() throws Exception {
    Node deep = null;
    for (int i = 0; i < ForyCodec.MAX_DEPTH - 10; i++) {
      var outer = new Node("n" + i);
      outer.next = deep;
      deep = outer;
    }
    assertThat(thereAndBack(deep).next.next.name).startsWith("n");
    for (int i = 0; i < 100_000; i++) {
      var outer = new Node("n" + i);
      outer.next = deep;
      deep = outer;
    }
    Node tooDeep = deep;
    assertThatThrownBy(() -> thereAndBack(tooDeep))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("Fory cannot");
    assertThat(thereAndBack(new Point(1, "after", 2))).isEqualTo(new Point(1, "after", 2));
  }

  @Test
  void whatForyRefusesFailsAloneAndNamesTheClass() {
    Thread refused = Thread.currentThread();
    List<Outcome<String>> all =
        pool.outcomes(Arrays.asList(new Point(1, "", 0), refused, new Point(2, "", 0)), x -> "got")
            .toList();
    assertThat(all.get(0).get()).isEqualTo("got");
    assertThat(all.get(2).get()).isEqualTo("got");
    assertThat(((Outcome.Failed<String>) all.get(1)).cause())
        .hasMessageContaining("Fory cannot write a java.lang.Thread");
    Outcome<Object> result =
        pool.outcomes(List.of(1), n -> (Object) Thread.currentThread()).findFirst().orElseThrow();
    assertThat(((Outcome.Failed<Object>) result).cause())
        .hasMessageContaining("Fory cannot write a java.lang.Thread");
  }

  @Test
  void aClassThatTheWorkerLacksIsFetchedThereAndFoundHere(@TempDir Path folder) throws Exception {
    Path source = folder.resolve("Far.java");
    Files.writeString(
        source,
        """
        public record Far(String name, java.util.List<Far> more)
            implements io.github.fornada.TaskFunction<Far, Far> {
          public Far apply(Far other) {
            return new Far(name + other.name, java.util.List.of(other));
          }
        }
        """);
    int failed =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-d", folder.toString(), source.toString());
    assertThat(failed).as("javac's answer").isZero();
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      Class<?> type = loader.loadClass("Far");
      var maker = type.getConstructor(String.class, List.class);
      Object item = maker.newInstance("b", List.of());
      @SuppressWarnings("unchecked")
      var function = (TaskFunction<Object, Object>) maker.newInstance("a", List.of());
      assertThat(pool.submit(item, function).get())
          .isEqualTo(maker.newInstance("ab", List.of(item)))
          .hasSameClassAs(item);
    }
  }

  @Test
  void damagedBytesGiveAnExceptionOrAnotherValueAndHarmNothing() throws Exception {
    PayloadCodec.Session session = new ForyCodec().open(ForyCodecTest.class.getClassLoader());
    var out = new ByteArrayOutputStream();
    var value = new Shape("s", List.of(new Point(1, "a", 2)), Map.of("k", 1), new Point(2, "b", 3));
    session.write(value, out);
    byte[] good = out.toByteArray();
    int refused = 0;
    for (int i = 0; i < good.length; i++) {
      for (int damage : new int[] {1, 0x80, 0xFF}) {
        byte[] bad = good.clone();
        bad[i] ^= (byte) damage;
        refused += isRefused(session, bad) ? 1 : 0;
      }
      assertThat(isRefused(session, Arrays.copyOf(good, i))).as("only %s bytes", i).isTrue();
      assertThat(session.read(good, 0, good.length)).isEqualTo(value);
    }
    assertThat(refused).as("damages that were noticed").isGreaterThan(good.length);
    assertThat(isRefused(session, Arrays.copyOf(good, good.length + 1))).as("one more").isTrue();
  }

  @Test
  void aSessionKeepsNothingOfWhatItHasRead() throws Exception {
    PayloadCodec.Session session = new ForyCodec().open(ForyCodecTest.class.getClassLoader());
    WeakReference<byte[]> bytes = written(session);
    for (int k = 0; k < 100 && bytes.get() != null; k++) {
      System.gc();
    }
    assertThat(bytes.get()).isNull();
    assertThat(session).isNotNull(); // and so it is still there
  }

  private static WeakReference<byte[]> written(PayloadCodec.Session session) throws Exception {
    var out = new ByteArrayOutputStream();
    session.write(new Point(1, "a", 2), out);
    byte[] bytes = out.toByteArray();
    assertThat(session.read(bytes, 0, bytes.length)).isEqualTo(new Point(1, "a", 2));
    return new WeakReference<>(bytes);
  }

  private static boolean isRefused(PayloadCodec.Session session, byte[] bytes) {
    try {
      Object _ = session.read(bytes, 0, bytes.length);
      return false;
    } catch (OutOfMemoryError e) {
      throw e;
    } catch (Throwable e) {
      return true;
    }
  }

  @Test
  void whereAFilterIsSetThatForyWouldNotAskThePoolFailsAndSaysSo() {
    try (Pool filtered =
        ProcessPool.open(o ->
            o.withWorkers(1)
                .withHeap("64m")
                .withJvmOptions("-Djdk.serialFilter=*")
                .withCodec(new ForyCodec()))) {
      assertThatThrownBy(() -> filtered.submit(1, x -> x).get())
          .hasMessageContaining("the codec of the workers failed")
          .hasMessageContaining("a filter is set for this JVM (jdk.serialFilter)");
    }
  }

  @Test
  void aWorkerWithForyPrintsNothing() throws Exception {
    PrintStream out = System.out;
    PrintStream err = System.err;
    var printed = new ByteArrayOutputStream();
    var all = new PrintStream(printed, true, StandardCharsets.UTF_8);
    System.setOut(all);
    System.setErr(all);
    try (Pool fresh =
        ProcessPool.open(o -> o.withWorkers(1).withHeap("64m").withCodec(new ForyCodec()))) {
      var custom = new IdentityHashMap<String, Integer>(); // of which Fory would have a remark
      custom.put("k", 1);
      assertThat(fresh.submit(custom, x -> x.size()).get()).isEqualTo(1);
      assertThat(fresh.submit(Collections.nCopies(3, "x"), x -> x).get()).hasSize(3);
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
  }
}
