package io.github.fornada.pipeline;

import static io.github.fornada.pipeline.StageModel.processes;
import static io.github.fornada.pipeline.StageModel.sequential;
import static io.github.fornada.pipeline.StageModel.threads;
import static io.github.fornada.pipeline.StageModel.virtualThreads;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.Waiting;
import io.github.fornada.threads.ThreadPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Single cases of pipelines. Those that mostly wait are in {@link PipelineWaitsTest}. */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PipelineTest {
  /**
   * The third item comes when two run, which wait for it; a third worker has not been needed yet.
   */
  @ParameterizedTest
  @MethodSource("threeAtOnce")
  void anItemThatComesWhileOthersRunIsBegunByAFreeWorker(StageModel<?> model) {
    var begun = new CountDownLatch(2);
    var released = new CountDownLatch(1);
    Iterator<Integer> source =
        ThreeItems.source(next -> {
          if (next >= 2) {
            ThreeItems.await(next == 2 ? begun : released); // its end would call a worker too
          }
        });
    try (var run =
        Pipeline.from(() -> source)
            .stage(
                "meet",
                model,
                n -> {
                  if (n == 2) {
                    released.countDown();
                  } else {
                    begun.countDown();
                    long seconds = Waiting.DEADLINE.toSeconds();
                    assertThat(released.await(seconds, TimeUnit.SECONDS)).isTrue();
                  }
                  return n;
                })
            .run()) {
      assertThat(run.outcomes()).extracting(PipelineOutcome::get).containsExactly(0, 1, 2);
    }
  }

  private static Stream<StageModel<?>> threeAtOnce() {
    return Stream.of(StageModel.threads(3), StageModel.virtualThreads(3));
  }

  private static final List<Integer> HUNDRED = IntStream.range(0, 100).boxed().toList();

  private static int increment(int x) {
    return x + 1;
  }

  /** The numbers from 0, without end. */
  private static final class Numbers implements Iterable<Integer> {
    final AtomicInteger taken = new AtomicInteger();

    @Override
    public Iterator<Integer> iterator() {
      return Stream.generate(taken::getAndIncrement).iterator();
    }
  }

  // ---- what a pipeline is made of

  @Test
  void nothingIsTakenBeforeTheStreamIsConsumed() {
    var source = new Numbers();
    try (var run = Pipeline.from(source).stage("a", threads(1), PipelineTest::increment).run()) {
      Stream<PipelineOutcome<Integer>> outcomes = run.outcomes();
      assertThat(source.taken).hasValue(0);
      assertThat(outcomes.limit(3).map(PipelineOutcome::get)).containsExactly(1, 2, 3);
    }
  }

  @Test
  void aMapAndAFilterRunInTheWorkerOfTheirStage() {
    try (var run =
        Pipeline.from(HUNDRED)
            .filter(x -> x % 2 == 0)
            .stage("a", threads(2), x -> Thread.currentThread().getName())
            .map(name -> List.of(name, Thread.currentThread().getName()))
            .filter(names -> names.get(0).equals(names.get(1)))
            .run()) {
      assertThat(run.outcomes()).hasSize(50);
      assertThat(run.summary().stages()).hasSize(1);
    }
  }

  @Test
  void nullsGoThroughAsAnythingElse() {
    List<String> source = Arrays.asList("a", null, "b");
    try (var run =
        Pipeline.<String>from(source)
            .stage("a", threads(2), x -> x)
            .stage("b", processes(1), x -> x)
            .run()) {
      assertThat(run.outcomes().map(PipelineOutcome::get)).containsExactly("a", null, "b");
    }
  }

  @Test
  void anEmptySourceGivesNothing() {
    try (var run =
        Pipeline.from(List.<Integer>of())
            .stage("a", threads(2), x -> x)
            .batches(3, Duration.ofDays(1))
            .run()) {
      assertThat(run.outcomes()).isEmpty();
      assertThat(run.summary().advice()).isEqualTo("Nothing has run yet.");
    }
  }

  @Test
  void whatCannotBeAPipelineIsRefused() {
    Pipeline<Integer> none = Pipeline.from(HUNDRED);
    assertThatThrownBy(none::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the pipeline has no stage");
    assertThatThrownBy(() -> none.map(x -> x).run())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("has no stage that it could belong to");
    assertThatThrownBy(
            () -> none.batches(2, Duration.ofDays(1)).batches(2, Duration.ofDays(1)).run())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("batches of batches");
    Pipeline<Integer> one = none.stage("a", threads(1), x -> x);
    assertThatThrownBy(() -> one.stage("a", threads(1), x -> x))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("two stages are called \"a\"");
    assertThatThrownBy(() -> threads(0)).hasMessage("size must be at least 1, got 0");
    assertThatThrownBy(() -> one.run(o -> o.withQueue(0)))
        .hasMessage("queue must be at least 1, got 0");
    assertThatThrownBy(() -> one.batches(Integer.MAX_VALUE, Duration.ofDays(1)))
        .hasMessage("size must be from 1 to 268435456, got 2147483647");
  }

  @ParameterizedTest
  @ValueSource(ints = {1 << 28, 1 << 30, Integer.MAX_VALUE - 1, Integer.MAX_VALUE})
  void aQueueMayHaveRoomForAnyNumberOfItems(int places) {
    try (var run =
        Pipeline.from(List.of(1, 2, 3))
            .stage("a", threads(1), PipelineTest::increment)
            .stage("b", threads(1), PipelineTest::increment)
            .run(o -> o.withQueue(places))) {
      assertThat(run.outcomes().map(PipelineOutcome::get)).containsExactly(3, 4, 5);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itemsThatFailDoNotKeepABatchFromBeingFilled(boolean ordered) {
    List<Integer> items = IntStream.range(0, 5_000).boxed().toList();
    try (var run =
        Pipeline.from(items)
            .stage("a", threads(1), PipelineTest::onlyFourths)
            .batches(26, Duration.ofDays(1))
            .stage("b", threads(1), batch -> batch.size())
            .run()) {
      Stream<PipelineOutcome<Integer>> outcomes = ordered ? run.outcomes() : run.completions();
      int[] sums = new int[2];
      outcomes.forEach(each -> {
        sums[0] += each.isDone() ? each.get() : 0;
        sums[1] += each.isDone() ? 0 : 1;
      });
      assertThat(sums).containsExactly(1_250, 3_750);
    }
  }

  private static int onlyFourths(int x) {
    if (x % 4 != 0) {
      throw new IllegalStateException("no");
    }
    return x;
  }

  @Test
  void aFailureDoesNotWaitForTheBatchBeforeItWhereOrderIsNotKept() {
    var told = new CountDownLatch(1);
    Iterator<Integer> source =
        ThreeItems.source(next -> {
          if (next == 2) {
            ThreeItems.await(
                told); // the batch has one item, and no other comes before the failure is told
          }
        });
    try (var run =
        Pipeline.from(() -> source)
            .stage("a", threads(1), PipelineTest::onlyFourths)
            .batches(26, Duration.ofDays(1))
            .stage("b", threads(1), batch -> batch.size())
            .run()) {
      var outcomes = run.completions().iterator();
      assertThat(outcomes.next().isDone()).isFalse();
      told.countDown();
      assertThat(outcomes).toIterable().hasSize(2);
    }
  }

  @Test
  void aBatchThatIsNeverFullHasAllThatCame() {
    List<Integer> items = IntStream.range(0, 500).boxed().toList();
    try (var run =
        Pipeline.from(items)
            .stage("a", threads(1), PipelineTest::increment)
            .batches(1 << 28, Duration.ofDays(1))
            .stage("b", threads(1), batch -> batch.size())
            .run()) {
      assertThat(run.outcomes().map(PipelineOutcome::get)).containsExactly(500);
    }
  }

  @Test
  void aRunGoesOnceThroughItsSource() {
    try (var run = Pipeline.from(HUNDRED).stage("a", threads(1), x -> x).run()) {
      assertThat(run.outcomes()).hasSize(100);
      assertThatThrownBy(run::completions)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("asked for before");
    }
  }

  /** Throws after its second item. */
  private static final class Breaks implements Iterable<Integer> {
    @Override
    public Iterator<Integer> iterator() {
      return IntStream.iterate(0, n -> n + 1)
          .peek(n -> {
            if (n == 2) {
              throw new IllegalStateException("the source is broken");
            }
          })
          .iterator();
    }
  }

  private static void awaitEndOfSource(PipelineRun<?> run) {
    Waiting.until("the source has ended", () -> run.toString().contains("no more input"));
  }

  @Test
  void whatTheSourceHasThrownIsThrownThoughAnItemBeforeItStopsTheRun() {
    var own = new AtomicReference<PipelineRun<?>>();
    try (var run =
        Pipeline.from(new Breaks())
            .stage(
                "a",
                threads(1),
                x -> {
                  awaitEndOfSource(own.get());
                  throw new IOException("planted");
                })
            .run(o -> o.withStopOnFailure())) {
      own.set(run);
      assertThatThrownBy(() -> run.outcomes().forEach(o -> assertThat(o.isDone()).isFalse()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the source is broken");
    }
  }

  @Test
  void whatTheSourceHasThrownIsNotLostWhereTheRunIsCancelledThen() {
    var own = new AtomicReference<PipelineRun<?>>();
    try (var run =
        Pipeline.from(new Breaks())
            .stage(
                "a",
                threads(1),
                x -> {
                  awaitEndOfSource(own.get());
                  own.get().cancel();
                  return x;
                })
            .run()) {
      own.set(run);
      assertThatThrownBy(() -> run.outcomes().count())
          .isInstanceOf(CancellationException.class)
          .satisfies(e ->
              assertThat(e.getSuppressed())
                  .singleElement()
                  .satisfies(s -> assertThat(s).hasMessage("the source is broken")));
    }
  }

  @Test
  void aPoolThatCannotBeOpenedClosesThoseBeforeIt() {
    var opened = new AtomicReference<String>();
    Pipeline<Integer> pipeline =
        Pipeline.from(HUNDRED)
            .stage(
                "first",
                threads(1),
                x -> x,
                o -> {
                  opened.set(o.name());
                  return o;
                })
            .stage("second", threads(1), x -> x, o -> o.withWorkers(0));
    assertThatThrownBy(pipeline::run).hasMessage("workers must be at least 1, got 0");
    assertThat(opened.get()).isEqualTo("first");
  }

  // ---- order and back-pressure

  @Test
  void anEndlessSourceIsReadNoFurtherThanTheQueuesHold() {
    var source = new Numbers();
    var begun = new AtomicInteger();
    try (var run =
        Pipeline.from(source)
            .stage(
                "a",
                threads(2),
                x -> {
                  begun.incrementAndGet();
                  return x;
                })
            .stage("b", sequential(), PipelineTest::increment)
            .run(o -> o.withQueue(10))) {
      Iterator<PipelineOutcome<Integer>> outcomes = run.outcomes().iterator();
      for (int n = 0; n < 1000; n++) {
        assertThat(outcomes.next().get()).isEqualTo(n + 1);
        assertThat(source.taken.get()).isLessThan(n + 50);
      }
      assertThat(begun.get()).isLessThan(1050);
    }
  }

  @Test
  void aSlowItemHoldsUpNoneThatComesAsItIsReady() {
    var over = new CountDownLatch(1);
    try (var run =
        Pipeline.from(HUNDRED)
            .stage(
                "a",
                virtualThreads(4),
                x -> {
                  if (x == 0) {
                    over.await();
                  }
                  return x;
                })
            .stage("b", threads(1), x -> x)
            .run(o -> o.withQueue(4))) {
      Iterator<PipelineOutcome<Integer>> outcomes = run.completions().iterator();
      for (int n = 1; n < 100; n++) {
        assertThat(outcomes.next().get()).isNotZero();
      }
      over.countDown();
      assertThat(outcomes.next().get()).isZero();
      assertThat(outcomes.hasNext()).isFalse();
    }
  }

  /** Tiny items are run many at a time: none that is done may wait for one that is not. */
  @Test
  void aResultDoesNotWaitForASlowerItemOfTheSameBatch() {
    int slow = 5000;
    var over = new CountDownLatch(1);
    try (var run =
        Pipeline.from(() -> IntStream.range(0, 10_000).iterator())
            .stage(
                "a",
                threads(1),
                x -> {
                  if (x == slow) {
                    over.await();
                  }
                  return x;
                })
            .run()) {
      Iterator<PipelineOutcome<Integer>> outcomes = run.outcomes().iterator();
      for (int n = 0; n < slow; n++) {
        assertThat(outcomes.next().get()).isEqualTo(n);
      }
      over.countDown();
      assertThat(outcomes.next().get()).isEqualTo(slow);
    }
  }

  @Test
  void aMillionItemsNeedNoMoreMemoryThanTheQueues() {
    int items = 1_000_000;
    var alive = new AtomicLong();
    var most = new AtomicLong();
    try (var run =
        Pipeline.from(() -> IntStream.range(0, items).iterator())
            .stage(
                "a",
                threads(1),
                x -> {
                  most.accumulateAndGet(alive.incrementAndGet(), Math::max);
                  return x;
                })
            .stage("b", threads(1), PipelineTest::increment)
            .filter(x -> x % 2 == 0)
            .run()) {
      long count = run.outcomes().peek(o -> alive.addAndGet(-2)).count();
      assertThat(count).isEqualTo(items / 2);
      assertThat(most.get()).isLessThan(5 * 4096);
    }
  }

  @Test
  void batchesGoOnWhenTheirTimeIsOver() {
    var source = new Numbers();
    Iterable<Integer> three =
        () ->
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                return true;
              }

              @Override
              public Integer next() {
                if (source.taken.get() == 3) {
                  try {
                    new CountDownLatch(1).await(); // no more for now
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                }
                return source.taken.getAndIncrement();
              }
            };
    try (var run =
        Pipeline.from(three)
            .batches(100, Duration.ofMillis(20))
            .stage("a", threads(1), (List<Integer> batch) -> List.copyOf(batch))
            .run()) {
      var seen = new ArrayList<Integer>();
      Iterator<PipelineOutcome<List<Integer>>> outcomes = run.outcomes().iterator();
      while (seen.size() < 3) {
        seen.addAll(outcomes.next().get());
      }
      assertThat(seen).containsExactly(0, 1, 2);
    }
  }

  // ---- many of one

  @Test
  void anEndlessStreamOfOneItemIsReadAsFarAsThereIsRoom() {
    var made = new AtomicInteger();
    var closed = new AtomicBoolean();
    try (var run =
        Pipeline.from(List.of("all"))
            .flatStage(
                "a",
                threads(2),
                x -> Stream.generate(made::getAndIncrement).onClose(() -> closed.set(true)))
            .stage("b", threads(1), x -> x)
            .run(o -> o.withQueue(10))) {
      assertThat(run.outcomes().limit(1000).map(PipelineOutcome::get))
          .isEqualTo(IntStream.range(0, 1000).boxed().toList());
      assertThat(made.get()).isLessThan(1100);
    }
    Waiting.until("the stream is closed", closed::get);
  }

  @Test
  void aSlowStreamPassesOnEachItemAsItComes() {
    var next = new CountDownLatch(1);
    try (var run =
        Pipeline.from(List.of("all"))
            .flatStage(
                "a",
                threads(1),
                x ->
                    IntStream.range(0, 2)
                        .peek(n -> {
                          if (n == 1) {
                            ThreeItems.await(next);
                          }
                        })
                        .boxed())
            .run()) {
      Iterator<PipelineOutcome<Integer>> outcomes = run.outcomes().iterator();
      assertThat(outcomes.next().get()).isZero();
      next.countDown();
      assertThat(outcomes.next().get()).isEqualTo(1);
    }
  }

  @Test
  void anItemOfWhichSomethingWasPassedOnIsNotTriedAgain() {
    var tries = new AtomicInteger();
    try (var run =
        Pipeline.from(List.of(1))
            .flatStage(
                "a",
                threads(1),
                x -> {
                  tries.incrementAndGet();
                  return Stream.of(1, 2)
                      .peek(n -> {
                        if (n == 2) {
                          throw new IllegalStateException("no 2");
                        }
                      });
                },
                o -> o.withRetries(3))
            .run()) {
      List<PipelineOutcome<Integer>> all = run.outcomes().toList();
      assertThat(all).hasSize(2);
      assertThat(all.get(0).get()).isEqualTo(1);
      assertThat(all.get(1).outcome()).isInstanceOf(Outcome.Failed.class);
      assertThat(tries).hasValue(1);
    }
  }

  // ---- options of pools

  @Test
  void retriesAndTimeoutsAreThoseOfThePool() throws Exception {
    Waiting.inOneOfFewRuns(Duration.ofMillis(50), PipelineTest::runWithARetryAndATimeout);
  }

  private static void runWithARetryAndATimeout(Duration limit) {
    var tries = new AtomicInteger();
    try (var run =
        Pipeline.from(List.of(1, 2))
            .stage(
                "a",
                threads(1),
                x -> {
                  if (x == 1 && tries.incrementAndGet() < 3) {
                    throw new IllegalStateException("not yet");
                  }
                  return x;
                },
                o -> o.withRetries(2))
            .stage(
                "b",
                virtualThreads(2),
                x -> {
                  if (x == 2) {
                    new CountDownLatch(1).await();
                  }
                  return x;
                },
                o -> o.withTimeout(limit))
            .run()) {
      List<PipelineOutcome<Integer>> all = run.outcomes().toList();
      assertThat(all.get(0).outcome()).isEqualTo(new Outcome.Done<>(1));
      assertThat(tries).hasValue(3);
      assertThat(all.get(1).outcome()).isInstanceOf(Outcome.TimedOut.class);
      assertThat(all.get(1).stage()).isEqualTo("b");
    }
  }

  private static volatile boolean released;

  private static int ignoresInterrupts(int x) {
    while (x == 1 && !released) {
      Thread.onSpinWait();
    }
    return x;
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "processes"})
  void anItemThatHadToBeGivenUpIsInTheFiguresOfItsStage(String model) throws Exception {
    // The first item of a worker that has just been started has much to load.
    Duration first = Duration.ofMillis(model.equals("threads") ? 200 : 600);
    Waiting.inOneOfFewRuns(first, limit -> givesOneUp(model, limit));
  }

  private static void givesOneUp(String model, Duration limit) {
    Duration grace = Duration.ofMillis(50);
    Pipeline<Integer> three = Pipeline.from(List.of(0, 1, 2));
    Pipeline<Integer> pipeline =
        model.equals("threads")
            ? three.stage(
                "a",
                threads(1),
                PipelineTest::ignoresInterrupts,
                o -> o.withPolicy(o.policy().withTimeout(limit).withGrace(grace)))
            : three.stage(
                "a",
                processes(1),
                PipelineTest::ignoresInterrupts,
                o -> o.withPolicy(o.policy().withTimeout(limit).withGrace(grace)));
    released = false;
    try (var run = pipeline.run()) {
      assertThat(run.outcomes())
          .extracting(o -> o.outcome() instanceof Outcome.TimedOut<?>)
          .containsExactly(false, true, false);
      Waiting.until( // an outcome comes before its figures
          "all three are in the figures",
          () ->
              run.summary().stages().getFirst().workers().stream()
                      .mapToLong(WorkerSummary::items)
                      .sum()
                  == 3);
    } finally {
      released = true;
    }
  }

  @Test
  void listenersOfAStageSeeItsItems() {
    var events = new ConcurrentLinkedQueue<TaskEvent>();
    try (var run =
        Pipeline.from(HUNDRED)
            .stage("a", threads(2), PipelineTest::increment, o -> o.withListener(events::add))
            .stage("b", threads(1), PipelineTest::increment)
            .run()) {
      assertThat(run.outcomes()).hasSize(100);
    }
    assertThat(events.stream().filter(e -> e instanceof TaskEvent.Finished)).hasSize(100);
  }

  // ---- the end

  @Test
  void thePoolsOfTheRunAreGoneAfterItsClose() {
    var workers = new ConcurrentLinkedQueue<Thread>();
    try (var run =
        Pipeline.from(HUNDRED)
            .stage(
                "a",
                threads(2),
                x -> {
                  workers.add(Thread.currentThread());
                  return x;
                })
            .run()) {
      assertThat(run.outcomes()).hasSize(100);
    }
    for (Thread worker : workers) {
      Waiting.until("the worker is gone", () -> !worker.isAlive());
    }
  }

  @Test
  void aRunThatWasNeverConsumedClosesAtOnce() {
    var source = new Numbers();
    Pipeline.from(source).stage("a", processes(1), x -> x).run().close();
    assertThat(source.taken).hasValue(0);
  }

  @Test
  void aRunClosedByItsOwnTaskEnds() {
    var own = new AtomicReference<PipelineRun<?>>();
    try (var run =
        Pipeline.from(HUNDRED)
            .stage(
                "a",
                threads(2),
                x -> {
                  if (x == 10) {
                    own.get().close();
                  }
                  return x;
                })
            .run()) {
      own.set(run);
      assertThatThrownBy(() -> run.outcomes().forEach(o -> {}))
          .hasMessage("the pipeline was closed");
    }
  }

  private static Set<Thread> monitors() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("fornada-pipeline-monitor"))
        .collect(Collectors.toSet());
  }

  @Test
  void aRunClosedByItsOwnTaskLeavesNoThreadThoughNobodyConsumesTheRest() {
    Set<Thread> others = monitors();
    var own = new AtomicReference<PipelineRun<?>>();
    var run =
        Pipeline.from(HUNDRED)
            .stage(
                "a",
                threads(1),
                x -> {
                  if (x == 10) {
                    own.get().close();
                  }
                  return x;
                })
            .run();
    own.set(run);
    Iterator<PipelineOutcome<Integer>> outcomes = run.completions().iterator();
    assertThat(outcomes.next().isDone()).isTrue();
    Waiting.until("its monitor has ended", () -> others.containsAll(monitors()));
    run.close();
  }

  @Test
  void aPoolThatIsShutDownEndsThePipeline() {
    try (var pool = ThreadPool.open(o -> o.withWorkers(2));
        var run =
            Pipeline.from(new Numbers())
                .stage("a", threads(1), x -> x)
                .stage("b", pool, x -> x)
                .run()) {
      var count = new AtomicInteger();
      assertThatThrownBy(() ->
              run.outcomes()
                  .forEach(o -> {
                    if (count.incrementAndGet() == 50) {
                      pool.shutdown();
                    }
                  }))
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessage("the pool of stage \"b\" was shut down while the pipeline ran");
    }
  }

  @Test
  void twoStagesMayShareOnePool() {
    try (var pool = ThreadPool.open(o -> o.withWorkers(2))) {
      for (int k = 0; k < 50; k++) {
        try (var run =
            Pipeline.from(HUNDRED)
                .flatStage("a", pool, x -> IntStream.range(0, 5).boxed())
                .stage("b", pool, PipelineTest::increment)
                .flatStage("c", pool, x -> Stream.of(x, x))
                .run(o -> o.withQueue(2))) {
          assertThat(run.outcomes()).hasSize(1000);
        }
      }
    }
  }

  @Test
  void aPipelineMayRunInATaskOfThePoolThatItUses() throws Exception {
    try (var pool = ThreadPool.open(o -> o.withWorkers(2))) {
      List<Long> counts =
          pool.map(
              List.of(1, 2),
              x -> {
                try (var run =
                    Pipeline.from(HUNDRED).stage("a", pool, PipelineTest::increment).run()) {
                  return run.outcomes().filter(PipelineOutcome::isDone).count();
                }
              });
      assertThat(counts).containsExactly(100L, 100L);
    }
  }

  // ---- figures

  @Test
  void theSlowestStageIsNamed() throws Exception {
    Waiting.inOneOfFewRuns(PipelineTest::runWithASlowStage);
  }

  private static void runWithASlowStage() {
    try (var run =
        Pipeline.from(HUNDRED)
            .stage("quick", threads(2), x -> x)
            .stage("slow", virtualThreads(2), PipelineTest::slowly)
            .stage("last", threads(1), x -> x)
            .run(o -> o.withQueue(4))) {
      assertThat(run.outcomes()).hasSize(100);
      PipelineSummary summary = run.summary();
      assertThat(summary.bottleneck()).isNotNull();
      assertThat(summary.bottleneck().name()).isEqualTo("slow");
      assertThat(summary.stages().get(0).waitsForRoom()).isGreaterThan(0.5);
      assertThat(summary.stages().get(2).waitsForInput()).isGreaterThan(0.5);
      assertThat(summary.rateWithOneMore()).isGreaterThan(summary.bottleneck().rate());
      assertThat(summary.sourceItems()).isEqualTo(100);
      assertThat(summary.outcomes()).isEqualTo(100);
      assertThat(summary.toString().lines()).allMatch(line -> line.length() <= 80);
    }
  }

  @Test
  void anOrderThatHoldsItemsUpIsToldAndNoMoreIsPromised() throws Exception {
    Waiting.inOneOfFewRuns(PipelineTest::runWithLongItemsInOrder);
  }

  private static void runWithLongItemsInOrder() {
    try (var run =
        Pipeline.from(IntStream.range(0, 2_000).boxed().toList())
            .stage("some", threads(4), x -> x % 100 == 0 ? napping(x, Duration.ofMillis(30)) : x)
            .stage("next", threads(1), x -> x)
            .run(o -> o.withQueue(4))) {
      assertThat(run.outcomes()).hasSize(2_000);
      PipelineSummary summary = run.summary();
      StageSummary some = summary.stages().getFirst();
      assertThat(summary.advice()).startsWith("The order of \"some\" holds the pipeline up");
      assertThat(summary.rateWithOneMore()).isEqualTo(some.rate());
      assertThat(some.waitsForRoom()).isGreaterThan(0.4);
    }
  }

  private static int slowly(int x) {
    return napping(x, Duration.ofMillis(3));
  }

  @Test
  void aSourceThatIsUsedUpIsNotToldAsSlow() throws Exception {
    Waiting.inOneOfFewRuns(PipelineTest::runOfThreeThatWait);
  }

  private static void runOfThreeThatWait() {
    try (var run =
        Pipeline.from(List.of(1, 2, 3))
            .stage("wait", threads(12), x -> napping(x, Duration.ofMillis(200)))
            .run()) {
      assertThat(run.outcomes()).hasSize(3);
      assertThat(run.summary().advice())
          .contains("the source has given all that it had", "3 items", "the 12 workers of \"wait\"")
          .doesNotContain("The source holds");
    }
  }

  private static int napping(int x, Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() - end < 0) {
      java.util.concurrent.locks.LockSupport.parkNanos(end - System.nanoTime());
    }
    return x;
  }

  @Test
  void theDeepestQueueIsTheSameFigureInTheSummaryAndOverTime() {
    try (var run =
        Pipeline.from(HUNDRED)
            .stage("quick", threads(2), x -> x)
            .stage("slow", virtualThreads(2), PipelineTest::slowly)
            .run(o -> o.withQueue(7))) {
      assertThat(run.completions()).hasSize(100);
      for (StageSummary stage : run.summary().stages()) {
        assertThat(stage.deepestQueue()).as(stage.name()).isPositive();
        assertThat(stage.history().stream().mapToInt(StageMoment::queued).max())
            .as(stage.name())
            .hasValue(stage.deepestQueue());
        assertThat(run.summary().toString())
            .contains(" " + stage.deepestQueue() + "/" + stage.queueLimit());
      }
    }
  }

  @Test
  void aSummaryFitsEightyColumnsWhateverItHolds() {
    String name = "a name that is far longer than any column of the table could ever be";
    try (var run =
        Pipeline.from(LongStream.range(0, 3).boxed().toList())
            .stage(name, sequential(), x -> x)
            .stage(name + "!", processes(1), x -> x)
            .run()) {
      assertThat(run.outcomes()).hasSize(3);
      assertThat(run.summary().toString().lines()).allMatch(line -> line.length() <= 80);
    }
  }

  @Test
  void aRunThatIsForgottenIsClosedWhenTheCollectorHasFoundIt() {
    assertThat(firstOfAForgottenRun()).isEqualTo(1);
    Waiting.untilCollected("its threads have ended", () -> noThreadIsNamed("forgotten-stage"));
  }

  /** Leaves a run and its stream as they are: a source without end, of which one was taken. */
  private static int firstOfAForgottenRun() {
    PipelineRun<Integer> run =
        Pipeline.from(() -> Stream.iterate(1, x -> x + 1).iterator())
            .stage("forgotten-stage", threads(1), x -> x)
            .run();
    return run.outcomes().iterator().next().get();
  }

  private static boolean noThreadIsNamed(String start) {
    return Thread.getAllStackTraces().keySet().stream()
        .noneMatch(thread -> thread.getName().startsWith(start));
  }

  @Test
  void aBatchAtTheEndHasTheNameOfTheLastStage() {
    try (PipelineRun<List<Integer>> run =
        Pipeline.from(HUNDRED)
            .stage("first", threads(1), x -> x)
            .stage("second", threads(1), x -> x)
            .batches(10, Duration.ofDays(1))
            .run()) {
      assertThat(run.outcomes().map(PipelineOutcome::stage)).hasSize(10).containsOnly("second");
    }
  }

  @Test
  void aBatchAtTheEndIsOneOutcomeInTheSummaryToo() {
    try (PipelineRun<List<Integer>> run =
        Pipeline.from(HUNDRED)
            .stage("a", threads(1), PipelineTest::increment)
            .batches(30, Duration.ofDays(1))
            .run()) {
      assertThat(run.outcomes()).hasSize(4);
      assertThat(run.summary().outcomes()).isEqualTo(4);
      assertThat(run.summary().toString())
          .contains("100 items of the source")
          .contains("4 results");
    }
  }

  @Test
  void whatIsStoppedHalfWayTellsTheWorkerThatBeganIt() {
    try (var run =
        Pipeline.from(List.of("all"))
            .stage("a", threads(1), x -> x)
            .flatStage("b", threads(1), x -> Stream.generate(() -> x))
            .run(o -> o.withQueue(10))) {
      Iterator<PipelineOutcome<String>> outcomes = run.outcomes().iterator();
      String worker = outcomes.next().worker();
      Waiting.until("it is half-way", () -> run.toString().contains("1 items half-way"));
      run.cancel();
      var rest = new ArrayList<PipelineOutcome<String>>();
      assertThatThrownBy(() -> outcomes.forEachRemaining(rest::add))
          .isInstanceOf(CancellationException.class);
      PipelineOutcome<String> last = rest.getLast();
      assertThat(last.outcome()).isInstanceOf(Outcome.Cancelled.class);
      assertThat(last.worker()).isEqualTo(worker);
    }
  }

  @Test
  void whatAWorkerJvmHasMadeManyOfTellsThatWorker() {
    try (var run =
        Pipeline.from(HUNDRED)
            .flatStage("a", processes(1), x -> Stream.of(x, x))
            .run(o -> o.withQueue(1))) {
      assertThat(run.outcomes().map(PipelineOutcome::worker)).hasSize(200).containsOnly("worker-1");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aStopAtAnyMomentLosesNoItemThatWasTaken(boolean byItsPool) throws Exception {
    var random = new Random(7);
    for (int k = 0; k < 60; k++) {
      int after = random.nextInt(5_000);
      try (Pool pool = ThreadPool.open(o -> o.withWorkers(2));
          var run =
              Pipeline.from(() -> IntStream.iterate(0, i -> i + 1).iterator())
                  .stage("a", threads(2), x -> x)
                  .stage("b", pool, x -> x)
                  .stage("c", threads(1), x -> x)
                  .run()) {
        var seen = new BitSet();
        var stops = new Thread(byItsPool ? pool::shutdown : run::cancel);
        assertThatThrownBy(() ->
                run.outcomes()
                    .forEach(outcome -> {
                      seen.set((int) outcome.index());
                      if (outcome.index() == after) {
                        stops.start();
                      }
                    }))
            .isInstanceOfAny(CancellationException.class, RejectedExecutionException.class);
        stops.join();
        assertThat(seen.nextClearBit(0)).as("the first that is missing").isEqualTo(seen.length());
        assertThat(run.summary().sourceItems()).isEqualTo(seen.length());
      }
    }
  }

  @Test
  void aFlightRecorderSeesTheStages() throws Exception {
    Path file = Files.createTempFile("pipeline", ".jfr");
    try (var recording = new Recording()) {
      recording.enable("fornada.Stage");
      recording.start();
      var last = new CountDownLatch(1);
      try (var run =
          Pipeline.from(HUNDRED)
              .stage("a", threads(1), PipelineTest::increment)
              .stage("b", threads(2), PipelineTest::increment)
              .run(o -> o.withProgress(Duration.ofDays(1), _ -> last.countDown()))) {
        assertThat(run.outcomes()).hasSize(100);
        // The events come before the last call, and the close waits for that a second at most.
        Waiting.until("the end is told", () -> last.getCount() == 0);
      }
      recording.stop();
      recording.dump(file);
      // Recordings of this JVM share their events, whichever of them asked.
      List<RecordedEvent> events =
          RecordingFile.readAllEvents(file).stream()
              .filter(event -> event.getEventType().getName().equals("fornada.Stage"))
              .toList();
      for (String stage : List.of("a", "b")) {
        assertThat(events)
            .as("the last figures of stage %s", stage)
            .anyMatch(event ->
                event.getString("stage").equals(stage)
                    && event.getInt("size") == (stage.equals("a") ? 1 : 2)
                    && event.getLong("items") == 100);
      }
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void progressIsToldUntilTheEnd() {
    var seen = new CopyOnWriteArrayList<PipelineSummary>();
    var enough = new CountDownLatch(3); // the last item ends after so many
    try (var run =
        Pipeline.from(HUNDRED)
            .stage(
                "a",
                threads(1),
                x -> {
                  if (x == 99) {
                    ThreeItems.await(enough);
                  }
                  return x;
                })
            .run(o ->
                o.withProgress(
                    Duration.ofMillis(20),
                    summary -> {
                      seen.add(summary);
                      enough.countDown();
                    }))) {
      assertThat(run.outcomes()).hasSize(100);
      // The close waits for the last call for a second at most.
      Waiting.until("the end is told", () -> seen.getLast().outcomes() == 100);
    }
    assertThat(seen).hasSizeGreaterThan(3);
    assertThat(seen.getLast().outcomes()).isEqualTo(100);
  }

  @Test
  void aFilterThatReturnsNullFailsItsItem() {
    try (var run =
        Pipeline.from(List.of(1, 2, 3))
            .stage("a", threads(1), x -> x)
            .filter(x -> x == 2 ? null : Boolean.TRUE)
            .run()) {
      List<PipelineOutcome<Integer>> outcomes = run.outcomes().toList();
      assertThat(outcomes).extracting(PipelineOutcome::isDone).containsExactly(true, false, true);
      assertThat(outcomes.get(1).outcome().toString())
          .contains("a filter returned null instead of true or false");
    }
  }

  @Test
  void timesAndNumbersOfWorkersMayBeAsLargeAsTheyComeIn() {
    Duration ages = Duration.ofSeconds(Long.MAX_VALUE);
    try (var run =
        Pipeline.from(List.of(1, 2, 3))
            .stage("a", threads(1 << 30), PipelineTest::increment)
            .stage("b", StageModel.virtualThreads(Integer.MAX_VALUE), PipelineTest::increment)
            .run(o -> o.withStallTimeout(ages).withProgress(ages, s -> {}))) {
      assertThat(run.outcomes().map(PipelineOutcome::get)).containsExactly(3, 4, 5);
    }
  }
}
