package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Extent;
import io.github.fornada.InPart;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.pipeline.Acts.Act;
import io.github.fornada.pipeline.Acts.Endless;
import io.github.fornada.pipeline.Acts.Num;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for a pipeline whatever its stages run on: every pair of models, both ways round. */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SideBySide
@InPart
final class PairsTest {
  private static final List<ExecutionModel> MODELS =
      List.of(
          ExecutionModel.SEQUENTIAL,
          ExecutionModel.VIRTUAL_THREADS,
          ExecutionModel.PLATFORM_THREADS,
          ExecutionModel.PROCESSES);

  /** One for the first stage and one for the second, of each model; shared by all tests. */
  private static final Map<ExecutionModel, Pool> FIRST = new EnumMap<>(ExecutionModel.class);

  private static final Map<ExecutionModel, Pool> SECOND = new EnumMap<>(ExecutionModel.class);

  @BeforeAll
  static void open() {
    for (ExecutionModel model : MODELS) {
      FIRST.put(model, pool(model));
      SECOND.put(model, pool(model));
    }
  }

  private static Pool pool(ExecutionModel model) {
    return switch (model) {
      case SEQUENTIAL -> SequentialPool.open();
      case VIRTUAL_THREADS -> VirtualThreadPool.open(o -> o.withWorkers(8));
      case PLATFORM_THREADS -> ThreadPool.open(o -> o.withWorkers(2));
      default -> ProcessPool.open(o -> o.withWorkers(2).withHeap("64m"));
    };
  }

  @AfterAll
  static void close() {
    FIRST.values().forEach(Pool::close);
    SECOND.values().forEach(Pool::close);
  }

  /**
   * In a short run six of the sixteen: each model is first, and second, and so are worker JVMs in
   * both.
   */
  static Stream<Arguments> pairs() {
    return Extent.cells(3, MODELS, MODELS, Arguments::of);
  }

  /** Every pair, and each of its stages. */
  static Stream<Arguments> places() {
    return pairs()
        .flatMap(pair ->
            Stream.of("first", "second")
                .map(stage -> arguments(pair.get()[0], pair.get()[1], stage)));
  }

  /** Every pair, and each of its stages that runs in worker JVMs. */
  static Stream<Arguments> processPlaces() {
    return places()
        .filter(place ->
            place.get()[place.get()[2].equals("first") ? 0 : 1] == ExecutionModel.PROCESSES);
  }

  private static Pipeline<Num> pipeline(
      Iterable<Num> source, ExecutionModel first, ExecutionModel second) {
    return Pipeline.<Num>from(source)
        .stage("first", FIRST.get(first), Acts::first)
        .stage("second", SECOND.get(second), Acts::second);
  }

  private static List<Num> numbers(int count, int special, Act act, String stage) {
    return IntStream.range(0, count)
        .mapToObj(n -> n == special ? new Num(n, act, stage) : Num.plain(n))
        .toList();
  }

  private static List<Long> indices(List<PipelineOutcome<Num>> outcomes) {
    return outcomes.stream().map(PipelineOutcome::index).toList();
  }

  /** The pools have nothing more of the pipeline: they run something else at once. */
  private static void assertFree(ExecutionModel first, ExecutionModel second) throws Exception {
    for (Pool pool : List.of(FIRST.get(first), SECOND.get(second))) {
      var futures = new ArrayList<java.util.concurrent.Future<Num>>();
      for (int n = 0; n < pool.workers(); n++) {
        futures.add(pool.submit(Num.plain(n), Acts::first));
      }
      for (var future : futures) {
        assertThat(future.get(Waiting.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isNotNull();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void resultsComeInTheOrderOfTheSource(ExecutionModel first, ExecutionModel second) {
    List<Num> source = numbers(300, -1, Act.NOTHING, "");
    try (var run = pipeline(source, first, second).run()) {
      assertThat(run.outcomes().map(PipelineOutcome::get)).isEqualTo(source);
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void everyItemHasOneOutcomeAsTheyCome(ExecutionModel first, ExecutionModel second) {
    List<Num> source = numbers(300, -1, Act.NOTHING, "");
    try (var run = pipeline(source, first, second).run(o -> o.withQueue(3))) {
      assertThat(run.completions().map(PipelineOutcome::get))
          .containsExactlyInAnyOrderElementsOf(source);
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void anItemThatFailsIsLeftOutAndNamed(ExecutionModel first, ExecutionModel second, String stage) {
    List<Num> source = numbers(40, 7, Act.FAIL, stage);
    try (var run = pipeline(source, first, second).run(o -> o.withQueue(2))) {
      List<PipelineOutcome<Num>> all = run.outcomes().toList();
      assertThat(indices(all)).isEqualTo(indices(40));
      for (PipelineOutcome<Num> outcome : all) {
        assertThat(outcome.isDone()).isEqualTo(outcome.index() != 7);
        assertThat(outcome.worker()).isNotEmpty();
      }
      PipelineOutcome<Num> failed = all.get(7);
      assertThat(failed.outcome()).isInstanceOf(Outcome.Failed.class);
      assertThat(failed.stage()).isEqualTo(stage);
      assertThat(failed.origins()).containsExactly(new Origin(7, source.get(7)));
      assertThat(failed.item()).isEqualTo(source.get(7));
      assertThatThrownBy(failed::get).hasMessageContaining("no 7");
      assertThat(all.get(8).stage()).isEqualTo("second");
    }
  }

  private static List<Long> indices(int count) {
    return IntStream.range(0, count).mapToObj(n -> (long) n).toList();
  }

  @ParameterizedTest
  @MethodSource("processPlaces")
  void aWorkerThatDiesCostsOnlyItsItem(ExecutionModel first, ExecutionModel second, String stage) {
    List<Num> source = numbers(40, 7, Act.DIE, stage);
    try (var run = pipeline(source, first, second).run()) {
      List<PipelineOutcome<Num>> all = run.outcomes().toList();
      assertThat(indices(all)).isEqualTo(indices(40));
      assertThat(all.stream().filter(o -> !o.isDone())).hasSize(1);
      PipelineOutcome<Num> lost = all.get(7);
      assertThat(lost.outcome()).isInstanceOf(Outcome.WorkerLost.class);
      assertThat(lost.stage()).isEqualTo(stage);
      assertThat(lost.worker()).isNotEmpty();
      assertThat(((Outcome.WorkerLost<?>) lost.outcome()).message())
          .contains("item 7")
          .contains("stage \"" + stage + "\"");
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void aFailureStopsAllWhereThatIsAskedFor(
      ExecutionModel first, ExecutionModel second, String stage) throws Exception {
    var source = new Endless(20, false, Act.FAIL, stage);
    try (var run = pipeline(source, first, second).run(o -> o.withStopOnFailure())) {
      List<PipelineOutcome<Num>> all = run.outcomes().toList();
      Set<Long> once = new HashSet<>(indices(all));
      assertThat(once).hasSameSizeAs(all);
      assertThat((long) all.size()).isBetween(21L, source.taken.get());
      for (PipelineOutcome<Num> outcome : all) {
        if (outcome.index() == 20) {
          assertThat(outcome.outcome()).isInstanceOf(Outcome.Failed.class);
        } else if (!outcome.isDone()) {
          assertThat(outcome.outcome()).isInstanceOf(Outcome.Cancelled.class);
        }
      }
      assertThat(indices(all)).isSorted();
    }
    assertFree(first, second);
  }

  @ParameterizedTest
  @MethodSource("places")
  void aCloseStopsWhatRuns(ExecutionModel first, ExecutionModel second, String stage)
      throws Exception {
    // Not before the others have ended: an item that was taken back from a busy worker may begin
    // after later ones, and would wait for those that sleep.
    var gate = new CountDownLatch(1);
    var source = new Endless(10, true, Act.SLEEP, stage, gate);
    try (var run = pipeline(source, first, second).run()) {
      Iterator<PipelineOutcome<Num>> outcomes = run.outcomes().iterator();
      for (int n = 0; n < 10; n++) {
        assertThat(outcomes.next().index()).isEqualTo(n);
      }
      gate.countDown();
      Waiting.until(
          "items sleep in the stage",
          () -> run.summary().stages().get(stage.equals("first") ? 0 : 1).taken() > 10);
    }
    assertFree(first, second);
  }

  @ParameterizedTest
  @MethodSource("places")
  void aConsumerThatStopsEarlyStopsTheRest(
      ExecutionModel first, ExecutionModel second, String stage) throws Exception {
    var source = new Endless();
    Pipeline<Num> pipeline =
        stage.equals("first")
            ? Pipeline.<Num>from(source).stage("first", FIRST.get(first), Acts::first)
            : pipeline(source, first, second);
    try (var run = pipeline.run(o -> o.withQueue(8));
        Stream<PipelineOutcome<Num>> outcomes = run.completions()) {
      assertThat(outcomes.limit(5)).hasSize(5);
      // The places of the queues, and what workers have and are sent ahead.
      assertThat(source.taken.get()).isLessThan(5 + 3 * 8 + 2 * 3 * 8 + 1);
    }
    long taken = source.taken.get();
    assertFree(first, second);
    assertThat(source.taken.get()).isEqualTo(taken);
  }

  @ParameterizedTest
  @MethodSource("places")
  void anInterruptOfTheConsumerStopsAll(ExecutionModel first, ExecutionModel second, String stage)
      throws Exception {
    var source = new Endless(3, true, Act.SLEEP, stage);
    var thrown = new AtomicReference<Throwable>();
    var stillSet = new AtomicReference<Boolean>();
    try (var run = pipeline(source, first, second).run()) {
      Thread consumer =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  run.outcomes().forEach(o -> {});
                } catch (Throwable e) {
                  thrown.set(e);
                  stillSet.set(Thread.currentThread().isInterrupted());
                }
              });
      Waiting.until(
          "items sleep in the stage",
          () -> run.summary().stages().get(stage.equals("first") ? 0 : 1).taken() > 3);
      consumer.interrupt();
      assertThat(consumer.join(Waiting.DEADLINE)).isTrue();
    }
    assertThat(thrown.get()).isInstanceOf(CancellationException.class);
    assertThat(stillSet.get()).isTrue();
    assertFree(first, second);
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void aSourceThatThrowsEndsAfterWhatIsDue(ExecutionModel first, ExecutionModel second) {
    Iterable<Num> source =
        () ->
            IntStream.iterate(0, n -> n + 1)
                .mapToObj(n -> {
                  if (n == 25) {
                    throw new IllegalStateException("the source has no more");
                  }
                  return Num.plain(n);
                })
                .iterator();
    var seen = new ArrayList<Long>();
    try (var run = pipeline(source, first, second).run()) {
      assertThatThrownBy(() -> run.outcomes().forEach(o -> seen.add(o.index())))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the source has no more");
    }
    assertThat(seen).isEqualTo(indices(25));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void manyOfOneKeepTheirOriginAndOrder(ExecutionModel first, ExecutionModel second) {
    List<Num> source = numbers(30, 7, Act.FAIL, "");
    try (var run =
        Pipeline.from(source)
            .flatStage("first", FIRST.get(first), Acts::three)
            .stage("second", SECOND.get(second), Acts::second)
            .run(o -> o.withQueue(2))) {
      var done = new ArrayList<Integer>();
      for (PipelineOutcome<Num> outcome : run.outcomes().toList()) {
        if (outcome.isDone()) {
          done.add(outcome.get().n());
          assertThat(outcome.index()).isEqualTo(outcome.get().n() / 10);
        } else {
          assertThat(outcome.index()).isEqualTo(7);
          assertThat(outcome.stage()).isEqualTo("first");
        }
      }
      // In this JVM the first was passed on before the failure; a worker JVM passes on all or none.
      var expected =
          new ArrayList<>(
              IntStream.range(0, 30)
                  .filter(n -> n != 7)
                  .flatMap(n -> IntStream.range(10 * n, 10 * n + 3))
                  .boxed()
                  .toList());
      if (first != ExecutionModel.PROCESSES) {
        expected.add(21, 70);
      }
      assertThat(done).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void batchesHoldItemsInARow(ExecutionModel first, ExecutionModel second) {
    List<Num> source = numbers(95, -1, Act.NOTHING, "");
    try (var run =
        Pipeline.from(source)
            .stage("first", FIRST.get(first), Acts::first)
            .batches(10, Duration.ofSeconds(50))
            .stage("second", SECOND.get(second), (List<Num> batch) -> List.copyOf(batch))
            .run()) {
      List<PipelineOutcome<List<Num>>> all = run.outcomes().toList();
      assertThat(all).hasSize(10);
      assertThat(all.stream().flatMap(o -> o.get().stream())).isEqualTo(source);
      assertThat(all.get(9).origins()).hasSize(5);
      assertThat(all.get(1).index()).isEqualTo(10);
    }
  }
}
