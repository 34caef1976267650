package io.github.fornada.advice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.acme.Mistakes;
import io.github.fornada.Alone;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import io.github.fornada.advice.decide.Cause;
import io.github.fornada.advice.decide.Learned;
import io.github.fornada.advice.decide.Setting;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is particular to a pool that chooses; the rest is the contract of all pools. */
@Alone
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AutoPoolBehaviourTest {
  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  private static long pid(int item) {
    return ProcessHandle.current().pid();
  }

  @Test
  void itemsThatWaitGetManyInFlight() throws Exception {
    Waiting.inOneOfFewRuns(AutoPoolBehaviourTest::manyGetInFlight);
  }

  private static void manyGetInFlight() throws Exception {
    var choices = new CopyOnWriteArrayList<Choice>();
    try (var pool =
        AutoPool.open(
            o -> o.withoutMemory().withMostProcesses(0).withChoiceListener(choices::add))) {
      assertThat(
              pool.map(
                  numbers(2000),
                  i -> {
                    Thread.sleep(20);
                    return i;
                  }))
          .hasSize(2000);
      assertThat(pool.choice().model()).isEqualTo(ExecutionModel.VIRTUAL_THREADS);
      assertThat(pool.choice().size()).isGreaterThan(8);
      assertThat(choices).isNotEmpty().allMatch(choice -> !choice.reason().isEmpty());
      assertThat(pool.advice()).isNotNull();
    }
  }

  @Test
  void adviceRightAfterAJobIsOfAllThatHasEnded() throws Exception {
    try (var pool = AutoPool.open(o -> o.withoutMemory().withMostProcesses(0))) {
      assertThat(
              pool.map(
                  List.of(1),
                  i -> {
                    Thread.sleep(300);
                    return i;
                  }))
          .containsExactly(1);
      Advice advice = pool.advice();
      assertThat(advice).isNotNull();
      assertThat(advice.cause()).isEqualTo("few-items");
    }
  }

  @Test
  void anItemThatStillRunsAfterTheLimitOfAMeasurementIsNeitherDoneNorFailed() throws Exception {
    Advice advice =
        Advisor.measure(
            numbers(60),
            i -> {
              Thread.sleep(i == 20 ? 600_000 : 20);
              return i;
            },
            Duration.ofSeconds(2),
            o -> o.withMostProcesses(0));
    assertThat(advice.failed()).isZero();
    assertThat(advice.sentences()).isNotEmpty();
  }

  @Test
  void whereNoItemEndsInTimeAMeasurementSaysSo() {
    assertThatThrownBy(() ->
            Advisor.measure(
                numbers(4),
                i -> {
                  Thread.sleep(600_000);
                  return i;
                },
                Duration.ofMillis(300),
                o -> o))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no item had ended after 1300 ms: give a longer limit");
  }

  @Test
  void itemsThatAMeasurementCutOffAreNoGroundForAdvice() throws Exception {
    // Which thread comes first when a measurement is over differs: many at once see most orders.
    try (var several = Executors.newFixedThreadPool(6)) {
      Callable<Advice> measurement =
          () ->
              Advisor.measure(
                  numbers(4),
                  i -> {
                    Thread.sleep(600_000);
                    return i;
                  },
                  Duration.ofMillis(100),
                  o -> o);
      List<Future<Advice>> all = several.invokeAll(Collections.nCopies(30, measurement));
      assertThat(all)
          .allSatisfy(one ->
              assertThatThrownBy(one::get)
                  .hasMessageContaining("IllegalStateException: no item had ended after 1100 ms"));
    }
  }

  @Test
  void whereNoItemGivesAResultThereIsNothingToAdvise() {
    assertThatThrownBy(() ->
            Advisor.measure(
                numbers(30),
                i -> {
                  throw new IllegalStateException("no");
                },
                Duration.ofSeconds(Long.MAX_VALUE),
                o -> o))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("no item has given a result");
  }

  @Test
  void anInterruptEndsAMeasurement() throws Exception {
    var begun = new CountDownLatch(1);
    var thrown = new CompletableFuture<Throwable>();
    Thread caller =
        Thread.ofPlatform()
            .start(() -> {
              try {
                var _ =
                    Advisor.measure(
                        numbers(3),
                        i -> {
                          begun.countDown();
                          Thread.sleep(600_000);
                          return i;
                        });
                thrown.complete(new AssertionError("it has ended"));
              } catch (InterruptedException | RuntimeException e) {
                thrown.complete(e);
              }
            });
    begun.await();
    caller.interrupt();
    assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
  }

  /** It fails at once, so that all might have failed before anybody looks. */
  @Test
  void aFunctionThatFailsBesideItselfIsRunAlone() throws Exception {
    // All of them may be over, one by one, before a busy machine tries two at once.
    Waiting.inOneOfFewRuns(AutoPoolBehaviourTest::isRunAloneAfterItHasFailed);
  }

  private static void isRunAloneAfterItHasFailed() throws Exception {
    var inside = new AtomicInteger();
    try (var pool = AutoPool.open(o -> o.withoutMemory().withMostProcesses(0))) {
      List<Outcome<Integer>> outcomes =
          pool.outcomes(
                  numbers(60),
                  i -> {
                    if (inside.incrementAndGet() > 1) {
                      inside.decrementAndGet();
                      throw new IllegalStateException("not safe at once");
                    }
                    Thread.sleep(20);
                    inside.decrementAndGet();
                    return i;
                  })
              .toList();
      // Three tell, and some more may have begun beside them; not all that were left.
      assertThat(outcomes.stream().filter(outcome -> !outcome.isDone()).count()).isBetween(1L, 20L);
      assertThat(pool.choice().size()).isEqualTo(1);
      assertThat(pool.choice().reason()).contains("items failed with ");
    }
  }

  @Test
  void aFunctionThatChangesAStaticFieldRunsOnNoSecondThread() throws Exception {
    try (var pool = AutoPool.open(o -> o.withoutMemory().withMostProcesses(0))) {
      Set<String> threads =
          pool.map(numbers(40), Mistakes::countSlowly).stream().collect(Collectors.toSet());
      assertThat(threads).hasSize(1);
      assertThat(pool.choice().model()).isEqualTo(ExecutionModel.SEQUENTIAL);
    }
  }

  @Test
  void inProcessesItemsRunInAnotherJvmAndWhatCannotTravelStaysHere() throws Exception {
    try (Pool pool =
        AutoPools.fixed(new Setting(ExecutionModel.PROCESSES, 2), o -> o.withMostInFlight(2))) {
      assertThat(pool.map(numbers(100), AutoPoolBehaviourTest::pid))
          .doesNotContain(ProcessHandle.current().pid());
      var notSerializable = new CountDownLatch(1);
      assertThat(
              pool.map(
                  numbers(100),
                  i -> {
                    notSerializable.countDown();
                    return ProcessHandle.current().pid();
                  }))
          .containsOnly(ProcessHandle.current().pid());
      assertThat(notSerializable.getCount()).isZero();
      assertThat(pool.map(numbers(10), AutoPoolBehaviourTest::pid))
          .doesNotContain(ProcessHandle.current().pid());
    }
  }

  /** A function whose state changes between two calls. */
  static final class Factor implements TaskFunction<Integer, Integer> {
    int factor = 1;

    @Override
    public Integer apply(Integer item) {
      return factor * item;
    }
  }

  @Test
  void inProcessesAFunctionHasTheStateThatItHadWhenItsCallBegan() throws Exception {
    try (Pool pool =
        AutoPools.fixed(new Setting(ExecutionModel.PROCESSES, 1), o -> o.withMostInFlight(2))) {
      var function = new Factor();
      int[] captured = {0};
      for (int k = 1; k <= 3; k++) {
        function.factor = k;
        captured[0] = k;
        assertThat(pool.map(List.of(1, 1), function)).containsExactly(k, k);
        assertThat(pool.map(List.of(1, 1), x -> captured[0] * x)).containsExactly(k, k);
      }
    }
  }

  @Test
  void sharedBytesAreReadOnBothSides() throws Exception {
    try (Pool pool =
        AutoPools.fixed(new Setting(ExecutionModel.PROCESSES, 1), o -> o.withMostInFlight(2))) {
      SharedBytes bytes = pool.share(new byte[] {1, 2, 3});
      assertThat(pool.submit(1, i -> bytes.segment().get(ValueLayout.JAVA_BYTE, i)).get())
          .isEqualTo((byte) 2);
      var here = new CountDownLatch(1);
      assertThat(
              pool.submit(
                      2,
                      i -> {
                        here.countDown();
                        return bytes.segment().get(ValueLayout.JAVA_BYTE, i);
                      })
                  .get())
          .isEqualTo((byte) 3);
      assertThat(here.getCount()).isZero();
    }
  }

  /** With one item in flight allowed, no second may begin elsewhere while the setting changes. */
  @Test
  void neverAreMoreInFlightThanTheUserAllows() throws Exception {
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    try (Pool pool = AutoPools.storm(0, 7, o -> o.withMostInFlight(3))) {
      pool.map(
          numbers(2000),
          i -> {
            int now = running.incrementAndGet();
            most.accumulateAndGet(now, Math::max);
            Thread.sleep(1);
            running.decrementAndGet();
            return i;
          });
    }
    assertThat(most.get()).isBetween(1, 3);
  }

  @Test
  void theAdviceCountsEveryItemThatFailed() throws Exception {
    TaskFunction<Integer, Integer> fails =
        i -> {
          Thread.sleep(2);
          throw new IllegalStateException("no " + i);
        };
    AutoPool pool = AutoPool.open(o -> o.withoutMemory().withMostProcesses(0));
    try (pool) {
      for (int round = 0; round < 3; round++) {
        try (var outcomes = pool.<Integer, Integer>outcomes(numbers(50), fails)) {
          assertThat(outcomes.filter(Outcome.Failed.class::isInstance)).hasSize(50);
        }
      }
    }
    assertThat(pool.finalAdvice(fails, 0).failed()).isEqualTo(150);
  }

  @Test
  void whatWasLearnedIsWhereTheNextRunBegins(@TempDir Path folder) {
    var memory = new Memory(folder, true);
    String key = memory.key((Object) new Named());
    assertThat(key).isNotNull();
    assertThat(memory.recall(key)).isNull();
    var learned =
        new Learned(
            new Setting(ExecutionModel.VIRTUAL_THREADS, 64),
            Cause.SLEEPS,
            "The items wait.",
            28.5e6,
            Double.POSITIVE_INFINITY);
    memory.keep(key, learned);
    assertThat(memory.recall(key)).isEqualTo(learned);
    assertThat(new Memory(folder, false).recall(key)).isNull();
    assertThat(Memory.forget(folder)).isEqualTo(1);
    assertThat(memory.recall(key)).isNull();
  }

  private static final class Named {}

  /** A program may end as soon as its pool has. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatWasLearnedIsKeptWhenThePoolHasEnded(boolean byClose, @TempDir Path folder)
      throws Exception {
    Path unfinished = Files.createFile(folder.resolve("new-1.learned"));
    Files.setLastModifiedTime(unfinished, FileTime.from(Instant.now().minus(Duration.ofDays(1))));
    String before = System.getProperty(Memory.PROPERTY);
    System.setProperty(Memory.PROPERTY, folder.toString());
    try {
      try (var pool = AutoPool.open(o -> o.withMostProcesses(0))) {
        long end = System.nanoTime() + 20_000_000_000L;
        var _ =
            pool.map(
                // Fewer where a busy machine has made it choose few at a time.
                () -> numbers(10_000).stream().takeWhile(_ -> System.nanoTime() < end).iterator(),
                i -> {
                  Thread.sleep(50); // shorter jobs are not worth it
                  return i;
                });
        if (!byClose) {
          pool.shutdown();
          assertThat(pool.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
          assertKept(folder);
        }
      }
      assertKept(folder);
    } finally {
      if (before == null) {
        System.clearProperty(Memory.PROPERTY);
      } else {
        System.setProperty(Memory.PROPERTY, before);
      }
    }
  }

  private static void assertKept(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).singleElement().asString().endsWith(".learned").doesNotContain("new-");
    }
  }

  @Test
  void measuringNeedsItems() {
    assertThatThrownBy(() -> Advisor.measure(List.<Integer>of(), i -> i))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no items");
  }

  @Test
  void measuringAJobThatIsOverAtOnceGivesAdviceToo() throws Exception {
    Advice advice = Advisor.measure(numbers(3), i -> i + 1);
    assertThat(advice.model()).isEqualTo(ExecutionModel.SEQUENTIAL);
    assertThat(advice.text()).isNotBlank();
  }
}
