package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import io.github.fornada.WorkerLostException;
import io.github.fornada.spi.PayloadCodec;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Items that have killed their workers, and are not run again. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class QuarantineTest {
  private static final TaskFunction<Photo, Integer> DECODE = QuarantineTest::decode;

  @TempDir Path folder;

  /** Equal to others of its name. */
  record Photo(String name) implements Serializable {}

  private static int decode(Photo photo) {
    if (photo.name.startsWith("bad")) {
      Runtime.getRuntime().halt(3);
    }
    return photo.name.length();
  }

  private static ProcessPool open(int retries, Pools.Workers workers) {
    return ProcessPool.open(
        o -> o.withWorkers(1).withHeap("64m").withRetries(retries).withListener(workers));
  }

  /** The event of a death comes after the outcome that it caused. */
  private static void awaitLost(Pools.Workers workers, int count) {
    Waiting.until("the last death", Leftovers.SOON, () -> workers.lost.size() >= count);
    assertThat(workers.lost).hasSize(count);
  }

  @Test
  void theOutcomeSaysHowManyWorkersTheItemHasCostAndThatItIsInQuarantine() throws Exception {
    var workers = new Pools.Workers();
    ProcessPool pool = open(2, workers);
    try {
      List<Outcome<Integer>> outcomes =
          pool.outcomes(List.of(new Photo("a"), new Photo("bad"), new Photo("abc")), DECODE)
              .toList();
      assertThat(outcomes.get(0)).isEqualTo(new Outcome.Done<>(1));
      assertThat(outcomes.get(2)).isEqualTo(new Outcome.Done<>(3));
      var lost = (Outcome.WorkerLost<Integer>) outcomes.get(1);
      assertThat(lost.certificate().workersLost()).isEqualTo(3);
      assertThat(lost.certificate().quarantined()).isTrue();
      assertThat(lost.message())
          .contains("it was retried 2 times and has cost 3 workers; it is in quarantine now");
      awaitLost(workers, 3);
      assertThat(workers.lost)
          .extracting(event -> event.certificate().workersLost())
          .containsExactly(1, 2, 3);
      assertThat(workers.lost)
          .extracting(event -> event.certificate().quarantined())
          .containsExactly(false, false, true);
      assertThat(pool.quarantined()).containsExactly(lost.certificate());
    } finally {
      Pools.end(pool);
    }
  }

  /** Its equality hangs in this process, not in the worker's. */
  static final class Hanging implements Serializable {
    private static final CountDownLatch OVER = new CountDownLatch(1);

    private final boolean bad;

    Hanging(boolean bad) {
      this.bad = bad;
    }

    @Override
    public boolean equals(Object other) {
      return hashCode() == 1 && other instanceof Hanging that && that.bad == bad;
    }

    @Override
    public int hashCode() {
      while (OVER.getCount() > 0) {
        try {
          OVER.await();
        } catch (InterruptedException e) {
          // It ignores these.
        }
      }
      return 1;
    }

    static int use(Hanging item) {
      if (item.bad) {
        Runtime.getRuntime().halt(3);
      }
      return 1;
    }
  }

  @Test
  void anItemWhoseEqualityNeverEndsIsKnownAgainAsTheSameObjectAndKeepsNothingWaiting()
      throws Exception {
    var workers = new Pools.Workers();
    ProcessPool pool = open(1, workers);
    try {
      TaskFunction<Hanging, Integer> use = Hanging::use;
      var bad = new Hanging(true);
      assertThatThrownBy(() -> Pools.soon(pool.submit(bad, use)))
          .hasCauseInstanceOf(WorkerLostException.class);
      awaitLost(workers, 2);
      for (int i = 0; i < 5; i++) {
        assertThat(Pools.soon(pool.submit(new Hanging(false), use))).isEqualTo(1);
      }
      assertThatThrownBy(() -> Pools.soon(pool.submit(bad, use)))
          .hasMessageContaining("in quarantine");
      awaitLost(workers, 2);
    } finally {
      Pools.end(pool);
      Hanging.OVER.countDown();
    }
  }

  @Test
  void anEqualItemHandedOverAgainCostsNoWorkerUntilTheQuarantineIsCleared() throws Exception {
    var workers = new Pools.Workers();
    ProcessPool pool = open(1, workers);
    try {
      assertThatThrownBy(() -> Pools.soon(pool.submit(new Photo("bad"), DECODE)))
          .hasCauseInstanceOf(WorkerLostException.class);
      awaitLost(workers, 2);
      assertThatThrownBy(() -> Pools.soon(pool.submit(new Photo("bad"), DECODE)))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(WorkerLostException.class)
          .hasMessageContaining("was not run: it is in quarantine, for it has cost this pool 2")
          .hasMessageContaining("clearQuarantine");
      List<Outcome<Integer>> outcomes =
          pool.outcomes(List.of(new Photo("bad"), new Photo("good"), new Photo("bad")), DECODE)
              .toList();
      assertThat(outcomes.get(1)).as("a neighbour").isEqualTo(new Outcome.Done<>(4));
      for (int i : List.of(0, 2)) {
        DeathCertificate certificate =
            ((Outcome.WorkerLost<Integer>) outcomes.get(i)).certificate();
        assertThat(certificate.quarantined()).isTrue();
        assertThat(certificate.item()).as("its own name").startsWith("item " + i);
      }
      awaitLost(workers, 2);
      pool.clearQuarantine();
      assertThat(pool.quarantined()).isEmpty();
      assertThatThrownBy(() -> Pools.soon(pool.submit(new Photo("bad"), DECODE)))
          .hasCauseInstanceOf(WorkerLostException.class);
      awaitLost(workers, 4);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void anotherFunctionAndAnotherItemAreRun() throws Exception {
    var workers = new Pools.Workers();
    ProcessPool pool = open(1, workers);
    try {
      assertThatThrownBy(() -> Pools.soon(pool.submit(new Photo("bad"), DECODE)))
          .hasCauseInstanceOf(WorkerLostException.class);
      assertThat(Pools.soon(pool.submit(new Photo("bad"), photo -> photo.name().length())))
          .isEqualTo(3);
      assertThat(Pools.soon(pool.submit(new Photo("fine"), DECODE))).isEqualTo(4);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void withoutRetriesEveryHandingOverIsATry() throws Exception {
    var workers = new Pools.Workers();
    ProcessPool pool = open(0, workers);
    try {
      for (int i = 1; i <= 2; i++) {
        assertThatThrownBy(() -> Pools.soon(pool.submit(new Photo("bad"), DECODE)))
            .hasCauseInstanceOf(WorkerLostException.class)
            .hasMessageContaining("it was not retried");
        awaitLost(workers, i);
      }
      assertThat(pool.quarantined()).isEmpty();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void anItemThatSurvivesItsLastTryIsNotInQuarantine() throws Exception {
    var workers = new Pools.Workers();
    ProcessPool pool = open(1, workers);
    String mark = folder.resolve("tried").toString();
    TaskFunction<Integer, Integer> fragile =
        x -> {
          if (!Files.exists(Path.of(mark))) {
            Files.createFile(Path.of(mark));
            Runtime.getRuntime().halt(3);
          }
          return x;
        };
    try {
      assertThat(Pools.soon(pool.submit(1, fragile))).isEqualTo(1);
      assertThat(pool.quarantined()).isEmpty();
      awaitLost(workers, 1);
    } finally {
      Pools.end(pool);
    }
  }

  /** Whose equals and hashCode fail, as some do. */
  static final class Odd implements Serializable {
    @Override
    public boolean equals(Object other) {
      throw new IllegalStateException("equals");
    }

    @Override
    public int hashCode() {
      throw new IllegalStateException("hashCode");
    }
  }

  @Test
  void anItemWhoseEqualsFailsIsKnownAsItself() throws Exception {
    var workers = new Pools.Workers();
    ProcessPool pool = open(1, workers);
    TaskFunction<Odd, Integer> die =
        x -> {
          Runtime.getRuntime().halt(3);
          return 0;
        };
    try {
      var odd = new Odd();
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> Pools.soon(pool.submit(odd, die)))
            .hasCauseInstanceOf(WorkerLostException.class);
        awaitLost(workers, 2);
      }
      assertThatThrownBy(() -> Pools.soon(pool.submit(new Odd(), die)))
          .hasCauseInstanceOf(WorkerLostException.class);
      awaitLost(workers, 4);
    } finally {
      Pools.end(pool);
    }
  }

  /** An item whose hashCode never returns. */
  record Endless(String name) implements Serializable {
    @Override
    public int hashCode() {
      while (true) {
        java.util.concurrent.locks.LockSupport.park();
        var _ = Thread.interrupted(); // or it would not park again, but take a processor
      }
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Endless that && hashCode() == 0 && name.equals(that.name);
    }
  }

  @Test
  void anItemThatDoesNotTellItsHashCodeIsQuarantinedAndHoldsUpNobody() throws Exception {
    var workers = new Pools.Workers();
    ProcessPool pool = open(1, workers);
    try {
      TaskFunction<Endless, Integer> decode =
          endless -> {
            if (endless.name.startsWith("bad")) {
              Runtime.getRuntime().halt(3);
            }
            return endless.name.length();
          };
      var bad = new Endless("bad");
      List<Outcome<Integer>> outcomes =
          pool.outcomes(List.of(bad, new Endless("abc")), decode).toList();
      assertThat(outcomes.get(0)).isInstanceOf(Outcome.WorkerLost.class);
      assertThat(outcomes.get(1)).isEqualTo(new Outcome.Done<>(3));
      awaitLost(workers, 2);
      // The same object is recognized without its own methods.
      assertThat(pool.outcomes(List.of(bad, new Endless("a")), decode).toList().get(1))
          .isEqualTo(new Outcome.Done<>(1));
      assertThat(workers.lost).hasSize(2);
    } finally {
      Pools.end(pool);
    }
  }

  /** Notes which threads of this process it is called by. */
  private static final class Noting implements PayloadCodec {
    @Serial private static final long serialVersionUID = 1L;

    static final Set<String> WRITERS = ConcurrentHashMap.newKeySet();

    @Override
    public Session open(ClassLoader loader) {
      return new Session() {
        @Override
        public void write(Object value, OutputStream to) throws IOException {
          WRITERS.add(Thread.currentThread().getName());
          to.write(value.toString().getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public Object read(byte[] bytes, int from, int length) {
          var read = new StringBuilder();
          return read.append(new String(bytes, from, length, StandardCharsets.UTF_8));
        }
      };
    }
  }

  private static final Set<String> TRIED = ConcurrentHashMap.newKeySet();

  private static int fragile(StringBuilder text) {
    if (text.toString().equals("bad")) {
      Runtime.getRuntime().halt(3);
    }
    if (text.toString().startsWith("twice") && TRIED.add(text.toString())) {
      throw new IllegalStateException("the first time");
    }
    return text.length();
  }

  /** The next attempt at an item comes by the timer, which then has the next items sent. */
  @Test
  void toFindAnItemInQuarantineNoThreadThatOthersNeedRunsACodec() throws Exception {
    ProcessPool pool =
        ProcessPool.open(
            o -> o.withWorkers(1).withHeap("64m").withRetries(1).withCodec(new Noting()));
    TaskFunction<StringBuilder, Integer> fragile = QuarantineTest::fragile;
    try {
      kills(pool.submit(new StringBuilder("bad"), fragile));
      assertThat(pool.quarantined()).hasSize(1);
      Noting.WRITERS.clear();
      List<StringBuilder> items =
          IntStream.range(0, 5_000)
              .mapToObj(i -> new StringBuilder(i % 50 == 0 ? "twice " : "once ").append(i))
              .toList();
      assertThat(pool.map(items, fragile))
          .isEqualTo(items.stream().map(StringBuilder::length).toList());
      assertThat(Noting.WRITERS)
          .isNotEmpty()
          .allMatch(name -> name.startsWith("fornada-writer") || name.contains("-feeder-"));
      assertThatThrownBy(() -> Pools.soon(pool.submit(new StringBuilder("bad"), fragile)))
          .hasMessageContaining("was not run: it is in quarantine");
    } finally {
      Pools.end(pool);
    }
  }

  private static int dieOfOne(int[] array) {
    if (array[0] == 1) {
      Runtime.getRuntime().halt(3);
    }
    return array[0];
  }

  private static void kills(Future<?> future) {
    assertThatThrownBy(() -> Pools.soon(future)).hasCauseInstanceOf(WorkerLostException.class);
  }

  @Test
  void anArrayThatKilledIsRunWithOtherContentAndIsKnownAgainByItsContent() throws Exception {
    TaskFunction<int[], Integer> function = QuarantineTest::dieOfOne;
    var workers = new Pools.Workers();
    ProcessPool pool = open(1, workers);
    try {
      int lost = 0;
      for (int size : new int[] {1, 1 << 20}) {
        int[] array = new int[size];
        array[0] = 1;
        kills(pool.submit(array, function));
        lost += 2;
        awaitLost(workers, lost);
        array[0] = 2;
        assertThat(Pools.soon(pool.submit(array, function))).isEqualTo(2);
        assertThat(pool.map(List.of(array), function)).containsExactly(2);
        int[] same = new int[size];
        same[0] = 1;
        kills(pool.submit(same, function));
        assertThat(pool.outcomes(List.of(same, array), function).map(Outcome::isDone))
            .containsExactly(false, true);
        awaitLost(workers, lost); // recognized each time
      }
    } finally {
      Pools.end(pool);
    }
  }

  /** A function and a task whose state decides. */
  static final class Moody implements TaskFunction<Integer, Integer>, Callable<Integer> {
    int mood = 1;

    @Override
    public Integer apply(Integer item) {
      return dieOfOne(new int[] {mood});
    }

    @Override
    public Integer call() {
      return apply(0);
    }
  }

  @Test
  void aFunctionAndATaskThatKilledAreRunWithOtherState() throws Exception {
    var workers = new Pools.Workers();
    ProcessPool pool = open(1, workers);
    try {
      var function = new Moody();
      kills(pool.submit(7, function));
      awaitLost(workers, 2);
      kills(pool.submit(7, new Moody())); // the same state
      awaitLost(workers, 2);
      function.mood = 2;
      assertThat(Pools.soon(pool.submit(7, function))).isEqualTo(2);
      var task = new Moody();
      kills(pool.submit((Callable<Integer>) task));
      awaitLost(workers, 4);
      task.mood = 3;
      assertThat(Pools.soon(pool.submit((Callable<Integer>) task))).isEqualTo(3);
    } finally {
      Pools.end(pool);
    }
  }
}
