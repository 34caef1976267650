package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Task;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.PipelineOutcome;
import io.github.fornada.pipeline.StageModel;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is sent is what was handed over, however late it is sent and however often. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
@SuppressWarnings({
  "ArrayRecordComponent",
  "ReferenceEquality",
  "ImmutableEnumChecker"
}) // on purpose
class HandoverTest {
  private static final int ROUNDS = 6;

  @TempDir Path folder;

  /** Keeps the one worker busy until the latch is opened here, by a file. */
  private CompletableFuture<?> occupy(Pool pool, Path until) {
    String file = until.toString();
    return pool.submit(
        1,
        x -> {
          while (!Files.exists(Path.of(file))) {
            Thread.sleep(1);
          }
          return x;
        });
  }

  // ---- items

  record Boxed(int[] values) implements Serializable {}

  static class Bean implements Serializable {
    int value;
  }

  static final class Writing extends Bean {
    private void writeObject(ObjectOutputStream out) throws IOException {
      out.defaultWriteObject();
    }
  }

  /** Mutable objects, each with a way to change it and a way to read it. */
  enum Kind {
    ARRAY(new int[1], (x, n) -> ((int[]) x)[0] = n, x -> ((int[]) x)[0]),
    LARGE_ARRAY(new int[1 << 20], (x, n) -> ((int[]) x)[77] = n, x -> ((int[]) x)[77]),
    BUFFER(
        ByteBuffer.allocateDirect(4),
        (x, n) -> ((ByteBuffer) x).putInt(0, n),
        x -> ((ByteBuffer) x).getInt(0)),
    LIST(new ArrayList<>(), (x, n) -> set(x, n), x -> (int) ((List<?>) x).getFirst()),
    RECORD(new Boxed(new int[1]), (x, n) -> ((Boxed) x).values()[0] = n, x -> read(x)),
    LIST_OF_ARRAYS(
        List.of(new int[1]),
        (x, n) -> ((int[]) ((List<?>) x).getFirst())[0] = n,
        x -> ((int[]) ((List<?>) x).getFirst())[0]),
    BEAN(new Bean(), (x, n) -> ((Bean) x).value = n, x -> ((Bean) x).value),
    BEAN_WITH_CODE(new Writing(), (x, n) -> ((Bean) x).value = n, x -> ((Bean) x).value),
    OBJECTS(new Object[1], (x, n) -> ((Object[]) x)[0] = n, x -> (int) ((Object[]) x)[0]);

    interface Change {
      void to(Object thing, int value);
    }

    final Object thing;
    final Change change;
    final Function<Object, Integer> reading;

    Kind(Object thing, Change change, Function<Object, Integer> reading) {
      this.thing = thing;
      this.change = change;
      this.reading = reading;
    }

    @SuppressWarnings("unchecked")
    private static void set(Object list, int n) {
      ((List<Object>) list).clear();
      ((List<Object>) list).add(n);
    }

    private static int read(Object boxed) {
      return ((Boxed) boxed).values()[0];
    }

    static int value(String kind, Object thing) {
      return valueOf(kind).reading.apply(thing);
    }
  }

  private static List<Integer> numbers() {
    return IntStream.rangeClosed(1, ROUNDS).boxed().toList();
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void anItemChangedAfterItWasSubmittedArrivesAsItWas(Kind kind) throws Exception {
    Path until = folder.resolve("until");
    String name = kind.name();
    try (Pool pool = Pools.open(1)) {
      var busy = occupy(pool, until);
      List<Future<Integer>> futures = new ArrayList<>();
      for (int n = 1; n <= ROUNDS; n++) {
        kind.change.to(kind.thing, n);
        futures.add(pool.submit(kind.thing, x -> Kind.value(name, x)));
      }
      kind.change.to(kind.thing, -1);
      Files.createFile(until);
      List<Integer> values = new ArrayList<>();
      for (Future<Integer> future : futures) {
        values.add((Integer) Pools.soon(future));
      }
      assertThat(values).isEqualTo(numbers());
      var _ = Pools.soon(busy);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aTaskThatCapturesWhatChangesRunsWithWhatItHad(Kind kind) throws Exception {
    Path until = folder.resolve("until");
    String name = kind.name();
    Serializable thing = (Serializable) (kind == Kind.BUFFER ? new int[1] : kind.thing);
    if (kind == Kind.BUFFER) {
      return; // no field of a buffer's type can be serialized
    }
    try (Pool pool = Pools.open(1)) {
      var _ = occupy(pool, until);
      List<Future<Integer>> futures = new ArrayList<>();
      for (int n = 1; n <= ROUNDS; n++) {
        kind.change.to(thing, n);
        Task<Integer> task = () -> Kind.value(name, thing);
        futures.add(pool.submit(task));
      }
      kind.change.to(thing, -1);
      Files.createFile(until);
      List<Integer> values = new ArrayList<>();
      for (Future<Integer> future : futures) {
        values.add((Integer) Pools.soon(future));
      }
      assertThat(values).isEqualTo(numbers());
    }
  }

  /** Returns an iterable that returns the same array each time. */
  private static Iterable<int[]> reused() {
    int[] array = new int[1];
    return () ->
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return array[0] < 200;
          }

          @Override
          public int[] next() {
            array[0]++;
            return array;
          }
        };
  }

  @Test
  void aSourceThatUsesOneArrayForAllItemsGivesThemAsTheyWereTaken() throws Exception {
    List<Integer> expected = IntStream.rangeClosed(1, 200).boxed().toList();
    try (Pool pool = Pools.open(2)) {
      assertThat(pool.map(reused(), x -> x[0])).isEqualTo(expected);
      assertThat(pool.outcomes(reused(), x -> x[0]).map(Outcome::get).toList()).isEqualTo(expected);
      int[] array = new int[1];
      Stream<int[]> elements = IntStream.rangeClosed(1, 200).boxed().map(n -> set(array, n));
      assertThat(elements.gather(pool.mapping((int[] x) -> x[0])).toList()).isEqualTo(expected);
    }
  }

  @Test
  void aPipelineTakesItemsAsTheyWereGiven() throws Exception {
    List<Integer> expected = IntStream.rangeClosed(1, 200).boxed().toList();
    try (Pool pool = Pools.open(2)) {
      try (var run = Pipeline.from(reused()).stage("sum", pool, x -> x[0]).run()) {
        assertThat(run.outcomes().map(PipelineOutcome::get).toList()).isEqualTo(expected);
      }
      int[] array = new int[1];
      try (var run =
          Pipeline.from(List.of(200))
              .flatStage(
                  "many",
                  StageModel.threads(1),
                  n -> IntStream.rangeClosed(1, n).mapToObj(k -> set(array, k)))
              .stage("sum", pool, x -> x[0])
              .run()) {
        assertThat(run.outcomes().map(PipelineOutcome::get).toList()).isEqualTo(expected);
      }
      var seen = new CopyOnWriteArrayList<Object>();
      try (var run =
          Pipeline.from(expected)
              .stage(
                  "one",
                  StageModel.sequential(),
                  n -> set(array, n),
                  o ->
                      o.withListener(event -> {
                        if (event instanceof TaskEvent.Finished ended) {
                          seen.add(ended.outcome().get().getClass());
                        }
                      }))
              .stage("sum", pool, x -> x[0])
              .run()) {
        assertThat(run.outcomes().map(PipelineOutcome::get).toList()).isEqualTo(expected);
      }
      assertThat(seen).hasSize(200).containsOnly(int[].class);
    }
  }

  /** One of the user's within one of the JDK's. */
  static final class Hand extends Clock implements Serializable {
    long seconds;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochSecond(seconds);
    }
  }

  @Test
  void aClockAroundOneThatIsChangedArrivesAsItWas() throws Exception {
    Path until = folder.resolve("clock");
    try (Pool pool = Pools.open(1)) {
      var hand = new Hand();
      hand.seconds = 1;
      var busy = occupy(pool, until);
      Clock later = Clock.offset(hand, Duration.ofSeconds(1));
      var item = pool.submit(later, x -> x.instant().getEpochSecond());
      var captured = pool.submit(0, x -> later.instant().getEpochSecond());
      hand.seconds = 100;
      Files.createFile(until);
      assertThat(Pools.soon(item)).isEqualTo(2L);
      assertThat(Pools.soon(captured)).isEqualTo(2L);
      var _ = Pools.soon(busy);
    }
  }

  private static int[] set(int[] array, int n) {
    array[0] = n;
    return array;
  }

  @Test
  void aRetryIsOfTheItemAsItWas() throws Exception {
    for (int size : new int[] {1, 1 << 20}) {
      Path tried = folder.resolve("tried-" + size);
      String file = tried.toString();
      int[] array = new int[size];
      array[0] = 1;
      TaskFunction<int[], Integer> function =
          x -> {
            if (!Files.exists(Path.of(file))) {
              Files.createFile(Path.of(file));
              throw new IllegalStateException("planted: the first try");
            }
            return x[0];
          };
      try (Pool pool =
          Pools.open(
              1,
              o -> o.withPolicy(o.policy().withRetries(2).withBackOff(Duration.ofMillis(200))))) {
        Future<Integer> future = pool.submit(array, function);
        array[0] = 2;
        Waiting.until("the first try has failed", Leftovers.SOON, () -> Files.exists(tried));
        array[0] = 3;
        assertThat(Pools.soon(future)).isEqualTo(1);

        // And of a call over a collection, whose items are taken as they are sent.
        Files.delete(tried);
        array[0] = 4;
        Iterator<Outcome<Integer>> outcomes =
            pool.outcomes(List.of(new int[size], array), function).iterator();
        assertThat(outcomes.next().get()).isZero();
        assertThat(outcomes.next().get()).isEqualTo(4);
      }
    }
  }

  @Test
  void aConfinedSegmentCanBeHandedOverWhereItsThreadHandsItOver() throws Exception {
    Path until = folder.resolve("until");
    try (Pool pool = Pools.open(1)) {
      var _ = occupy(pool, until);
      Future<Integer> future;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment segment = arena.allocate(ValueLayout.JAVA_INT);
        segment.set(ValueLayout.JAVA_INT, 0, 42);
        future = pool.submit(segment, x -> x.get(ValueLayout.JAVA_INT, 0));
      }
      Files.createFile(until);
      assertThat(Pools.soon(future)).isEqualTo(42);
      for (int size : new int[] {4, 64 << 10, 1 << 20}) {
        try (Arena arena = Arena.ofConfined()) {
          List<MemorySegment> segments = new ArrayList<>();
          for (int n = 0; n < 5; n++) {
            MemorySegment segment = arena.allocate(size, 8);
            segment.set(ValueLayout.JAVA_INT, 0, n);
            segments.add(segment);
          }
          assertThat(pool.map(segments, x -> x.get(ValueLayout.JAVA_INT, 0)))
              .containsExactly(0, 1, 2, 3, 4);
          assertThat(
                  pool.outcomes(segments, x -> x.get(ValueLayout.JAVA_INT, 0))
                      .map(Outcome::get)
                      .toList())
              .containsExactly(0, 1, 2, 3, 4);
        }
      }
    }
  }

  @Test
  void whatIsShownOfAnItemIsTheItemItself() throws Exception {
    var seen = new CopyOnWriteArrayList<Object>();
    int[] array = {1};
    try (Pool pool =
        Pools.open(
            1,
            o ->
                o.withPolicy(
                    o.policy()
                        .withListener(event -> {
                          if (event instanceof TaskEvent.Finished e) {
                            seen.add(e.item());
                          }
                        })))) {
      assertThat(Pools.soon(pool.submit(array, x -> x[0]))).isEqualTo(1);
      Completion<int[], Integer> completion =
          pool.completions(List.of(array), (int[] x) -> x[0]).findFirst().orElseThrow();
      assertThat(completion.item()).isSameAs(array);
    }
    assertThat(seen).hasSize(2).allMatch(item -> item == array);
  }

  // ---- functions

  static final class Scale implements TaskFunction<Integer, Integer> {
    int factor = 1;

    @Override
    public Integer apply(Integer item) throws InterruptedException {
      Thread.sleep(2);
      return item * factor;
    }
  }

  @Test
  void aFunctionRunsEverywhereWithTheStateThatItHadWhenItWasHandedOver() throws Exception {
    var function = new Scale();
    int[] captured = {1};
    TaskFunction<Integer, Integer> lambda = x -> x * captured[0];
    List<Integer> items = numbers();
    try (Pool pool = Pools.open(2)) {
      for (int factor : new int[] {1, 10, 1, 100}) {
        function.factor = factor;
        captured[0] = factor;
        List<Integer> expected = items.stream().map(x -> x * factor).toList();
        for (int round = 0; round < 4; round++) {
          assertThat(pool.map(items, function)).isEqualTo(expected);
          assertThat(pool.map(items, lambda)).isEqualTo(expected);
          assertThat(items.stream().gather(pool.mapping(function)).toList()).isEqualTo(expected);
        }
        Stream<Outcome<Integer>> later = pool.outcomes(items, function);
        List<Future<Integer>> futures = new ArrayList<>();
        for (Integer item : items) {
          futures.add(pool.submit(item, function));
        }
        function.factor = -1;
        assertThat(later.map(Outcome::get).toList()).isEqualTo(expected);
        for (int i = 0; i < futures.size(); i++) {
          assertThat(Pools.soon(futures.get(i))).isEqualTo(expected.get(i));
        }
      }
    }
  }

  private static volatile int started;

  @Test
  void anInitializerStartsEveryWorkerWithTheStateThatItHadWhenThePoolWasOpened() throws Exception {
    int[] captured = {1};
    try (Pool pool =
        Pools.open(1, o -> o.withInitializer(() -> started = captured[0]).withRetries(0))) {
      captured[0] = 2;
      assertThat(Pools.soon(pool.submit(1, x -> started))).isEqualTo(1);
      Outcome<Integer> lost =
          pool.outcomes(
                  List.of(1),
                  x -> {
                    Runtime.getRuntime().halt(3);
                    return x;
                  })
              .toList()
              .getFirst();
      assertThat(lost).isInstanceOf(Outcome.WorkerLost.class);
      captured[0] = 3;
      assertThat(Pools.soon(pool.submit(1, x -> started))).isEqualTo(1);
    }
  }

  // ---- what cannot be sent

  static final class Job implements Runnable, Serializable {
    final List<Object> parts = List.of("x", new Object());

    @Override
    public void run() {}
  }

  @Test
  void aTaskThatCannotBeSentIsRefusedAtOnceWithTheWayToWhy() throws Exception {
    try (Pool pool = Pools.open(1)) {
      Object captured = new Object();
      Task<Integer> task = () -> captured.hashCode();
      assertThatThrownBy(() -> pool.submit(task))
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("captured value 1 (java.lang.Object) is not serializable");
      for (Runnable submit :
          List.<Runnable>of(
              () -> {
                var _ = pool.submit(new Job());
              },
              () -> pool.execute(new Job()))) {
        assertThatThrownBy(submit::run)
            .isInstanceOf(RejectedExecutionException.class)
            .hasMessageContaining("the task.parts[1] (java.lang.Object) is not serializable");
      }
      assertThatThrownBy(() -> pool.invokeAll(List.of(task)))
          .isInstanceOf(RejectedExecutionException.class);
      assertThat(Pools.soon(pool.submit(1, x -> x))).isEqualTo(1);
    }
  }

  static final class Waits implements Serializable {
    static final CountDownLatch BEGUN = new CountDownLatch(1);
    int state;

    private void writeObject(ObjectOutputStream out) throws IOException {
      out.defaultWriteObject();
      BEGUN.countDown();
      try {
        Thread.sleep(Duration.ofHours(1));
      } catch (InterruptedException e) {
        throw new IOException("interrupted", e);
      }
    }
  }

  @Test
  void anInterruptEndsTheWaitForTheWritingOfAnItem() throws Exception {
    Pool pool = Pools.open(1);
    try {
      var interrupted = new CompletableFuture<Boolean>();
      var future = new CompletableFuture<Future<Integer>>();
      Thread caller =
          Thread.ofPlatform()
              .start(() -> {
                future.complete(pool.submit(new Waits(), x -> 1));
                interrupted.complete(Thread.currentThread().isInterrupted());
              });
      Waits.BEGUN.await();
      caller.interrupt();
      assertThat(Pools.soon(interrupted)).isEqualTo(true);
      assertThat(((Future<?>) Pools.soon(future)).cancel(true)).isTrue();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void largeArraysLeaveNoFilesWhenTheirItemsHaveEnded() throws Exception {
    Path until = folder.resolve("until");
    var pool = (ProcessPool) Pools.open(1);
    try (pool) {
      var _ = occupy(pool, until);
      int[] array = new int[4 << 20];
      List<Future<Integer>> futures = new ArrayList<>();
      for (int n = 0; n < 24; n++) { // more than the buffers hold
        array[0] = n;
        futures.add(pool.submit(array, x -> x[0]));
      }
      for (int n = 0; n < 24; n += 3) {
        assertThat(futures.get(n).cancel(true)).isTrue();
      }
      Files.createFile(until);
      for (int n = 0; n < 24; n++) {
        if (n % 3 != 0) {
          assertThat(Pools.soon(futures.get(n))).isEqualTo(n);
        }
      }
      Waiting.until(
          "the files are gone", Leftovers.SOON, () -> files(pool.engine.directory()).isEmpty());
    }
  }

  private static List<String> files(Path directory) {
    List<String> names = new ArrayList<>();
    for (Path each : List.of(directory, directory.resolve("overflow"))) {
      if (Files.isDirectory(each)) {
        try (Stream<Path> all = Files.list(each)) {
          all.map(file -> file.getFileName().toString())
              .filter(name -> name.matches("(kept|buffer|argument)-.*"))
              .forEach(names::add);
        } catch (IOException e) {
          throw new IllegalStateException(e);
        }
      }
    }
    return names;
  }

  // ---- equality that belongs to the user

  static class Awkward implements TaskFunction<Integer, Integer> {
    int state;

    @Override
    public boolean equals(Object other) {
      throw new IllegalStateException("equals of a function was called");
    }

    @Override
    public int hashCode() {
      throw new IllegalStateException("hashCode of a function was called");
    }

    @Override
    public Integer apply(Integer x) {
      return x + state;
    }
  }

  @Test
  void eachCallHasTheFunctionAsItWasThoughTasksOfCallsBeforeHaveChangedTheirCopy()
      throws Exception {
    var seen = new ArrayList<Integer>();
    TaskFunction<Integer, Integer> counts =
        x -> {
          seen.add(x);
          return seen.size();
        };
    try (Pool pool = Pools.open(1)) {
      for (int call = 0; call < 100; call++) { // more than functions that a worker keeps
        assertThat(Pools.soon(pool.submit(call, counts))).isEqualTo(1);
      }
      assertThat(pool.map(List.of(1, 2, 3), counts)).containsExactly(1, 2, 3);
    }
  }

  @Test
  void functionsAreNeverComparedByTheirOwnEquals() throws Exception {
    try (Pool pool = Pools.open(1)) {
      var first = new Awkward();
      for (int round = 0; round < ROUNDS; round++) {
        first.state = round;
        assertThat(Pools.soon(pool.submit(1, first))).isEqualTo(1 + round);
        assertThat(Pools.soon(pool.submit(1, new Awkward()))).isEqualTo(1);
      }
    }
  }
}
