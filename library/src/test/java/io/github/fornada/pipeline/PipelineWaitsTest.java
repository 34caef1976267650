package io.github.fornada.pipeline;

import static io.github.fornada.pipeline.StageModel.sequential;
import static io.github.fornada.pipeline.StageModel.threads;
import static io.github.fornada.pipeline.StageModel.virtualThreads;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.PoolOptions;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.threads.ThreadPool;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Single cases of pipelines that mostly wait: for a limit, for a stall, for what never returns. */
@SideBySide
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PipelineWaitsTest {
  /** Longer than any step takes on a busy machine. */
  private static final Duration A_STALL = Duration.ofSeconds(1);

  private static final List<Integer> HUNDRED = IntStream.range(0, 100).boxed().toList();

  /**
   * The first attempt ignores its interrupt and goes on when the second has begun. What it makes
   * then is the second one's no more than the second's is its own.
   */
  @ParameterizedTest
  @MethodSource("inThisJvm")
  void anAttemptThatWasGivenUpPassesOnNothingBesideTheRetry(StageModel<PoolOptions> model) {
    var tries = new AtomicInteger();
    var secondBegan = new CountDownLatch(1);
    var firstEnded = new CountDownLatch(1);
    try (var run =
        Pipeline.from(List.of("x"))
            .flatStage(
                "make",
                model,
                x -> {
                  int attempt = tries.incrementAndGet();
                  if (attempt == 1) {
                    awaitThroughInterrupts(secondBegan);
                  } else {
                    secondBegan.countDown();
                    firstEnded.await();
                  }
                  return IntStream.range(0, 4)
                      .mapToObj(n -> attempt + "-" + n)
                      .onClose(attempt == 1 ? firstEnded::countDown : () -> {});
                },
                o ->
                    o.withPolicy(
                        o.policy()
                            .withTimeout(Duration.ofMillis(800))
                            .withGrace(Duration.ofMillis(10))
                            .withBackOff(Duration.ofMillis(1))
                            .withRetries(20))) // a try may be late to open the latch
            .run()) {
      List<String> all = run.outcomes().map(PipelineOutcome::get).toList();
      String last = all.getFirst().substring(0, all.getFirst().indexOf('-'));
      assertThat(last).isNotEqualTo("1");
      assertThat(all).containsExactly(last + "-0", last + "-1", last + "-2", last + "-3");
    }
  }

  private static Stream<StageModel<PoolOptions>> inThisJvm() {
    return Stream.of(threads(2), virtualThreads(2), sequential());
  }

  private static void awaitThroughInterrupts(CountDownLatch latch) {
    boolean open = false;
    while (!open) {
      try {
        open = latch.await(Waiting.DEADLINE.toSeconds(), TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        // the point of it
      }
    }
  }

  @Test
  void aCloseDoesNotWaitForASourceThatNeverReturns() {
    var begun = new CountDownLatch(1);
    var over = new AtomicBoolean();
    Iterable<Integer> source =
        () ->
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                return true;
              }

              @Override
              public Integer next() {
                begun.countDown();
                Waiting.until("the test is over", over::get); // deaf to interrupts
                return 1;
              }
            };
    try {
      var run = Pipeline.from(source).stage("a", threads(1), x -> x).run();
      Thread consumer =
          Thread.ofPlatform().start(() -> swallow(() -> run.outcomes().forEach(o -> {})));
      ThreeItems.await(begun);
      run.close();
      swallow(() -> assertThat(consumer.join(Waiting.DEADLINE)).isTrue());
    } finally {
      over.set(true);
    }
  }

  private interface Code {
    void run() throws Exception;
  }

  private static void swallow(Code code) {
    try {
      code.run();
    } catch (Exception e) {
      // such as that the stream was cancelled
    }
  }

  /** The items of a stage go on from half-way, and wait only then for what they asked it for. */
  @Test
  void anItemThatGoesOnFromHalfWayMayWaitForItsOwnPool() {
    try (var pool = ThreadPool.open(o -> o.withWorkers(1));
        var run =
            Pipeline.from(List.of(1, 2, 3))
                .flatStage(
                    "many",
                    pool,
                    x ->
                        IntStream.range(0, 20)
                            .mapToObj(y -> pool.submit(y, z -> z))
                            .toList()
                            .stream()
                            .map(PipelineWaitsTest::after))
                .run(o -> o.withQueue(1))) {
      assertThat(run.outcomes().filter(PipelineOutcome::isDone)).hasSize(60);
    }
  }

  private static <T> T after(Future<T> future) {
    try {
      return future.get(1, TimeUnit.HOURS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aStageThatStallsIsReportedWithItsStack() throws Exception {
    // On a busy machine another may be reported before, or the stack does not come in time.
    StageStall stall =
        Waiting.oneOfFew(
            Duration.ofMillis(300),
            PipelineWaitsTest::reportedStall,
            each -> each.toString().contains("CountDownLatch.await"));
    assertThat(stall.toString())
        .contains("CountDownLatch.await")
        .containsPattern("stage \"stuck\" has neither taken nor given an item for [1-9]");
    assertThat(stall.stage()).isEqualTo("stuck");
    assertThat(stall.waiting()).isPositive();
    assertThat(stall.stacks()).hasSize(1);
  }

  /** Returns the first stall of a stage that stops at its fourth item. */
  private static StageStall reportedStall(Duration limit) {
    var stalls = new ConcurrentLinkedQueue<StageStall>();
    var over = new CountDownLatch(1);
    try (var run =
        Pipeline.from(HUNDRED)
            .stage(
                "stuck",
                threads(1),
                x -> {
                  if (x == 3) {
                    over.await();
                  }
                  return x;
                })
            .run(o -> o.withStallTimeout(limit).withStallListener(stalls::add))) {
      Thread consumer = Thread.ofPlatform().start(() -> run.outcomes().forEach(o -> {}));
      Waiting.until("a stall is reported", () -> !stalls.isEmpty());
      over.countDown();
      swallow(() -> assertThat(consumer.join(Waiting.DEADLINE)).isTrue());
      return stalls.element();
    }
  }

  @Test
  void anOpenBatchIsNoStallOfTheStageBehindIt() throws Exception {
    // A worker that a busy machine stops with an item is a stall.
    Waiting.inOneOfFewRuns(PipelineWaitsTest::aBatchIsOpenForLong);
  }

  private static void aBatchIsOpenForLong() {
    var goesOn = new CountDownLatch(1);
    var stalls = new CopyOnWriteArrayList<String>();
    Iterator<Integer> source =
        ThreeItems.source(next -> {
          if (next == 2) {
            ThreeItems.await(goesOn);
          }
        });
    try (var run =
        Pipeline.from(() -> source)
            .stage("a", threads(1), x -> x)
            .batches(10, Duration.ofDays(1))
            .stage("b", threads(1), batch -> batch.size())
            .stage("c", threads(1), x -> x)
            .run(o ->
                o.withStallTimeout(A_STALL)
                    .withStallListener(stall -> {
                      stalls.add(stall.toString());
                      goesOn.countDown();
                    })
                    .withProgress(
                        A_STALL.multipliedBy(3), // looks at stalls have been many by then
                        _ -> goesOn.countDown()))) {
      assertThat(run.outcomes().map(PipelineOutcome::get)).containsExactly(3);
    }
    assertThat(stalls).isEmpty();
  }

  /** The stage behind the flat one becomes slower, so that its queue gets shorter in the middle. */
  @Test
  void anItemThatMakesManyGoesOnThoughTheQueueBehindItGetsShorter() {
    try (var run =
        Pipeline.from(List.of(0, 1, 2, 3))
            .flatStage(
                "flat",
                threads(3),
                i -> IntStream.range(0, i == 1 ? 100 : 3000).mapToObj(k -> pausing(i == 1, 3, i)))
            .stage("next", threads(1), i -> pausing(i == 1, 5, i))
            .run()) {
      assertThat(run.outcomes().map(outcome -> (int) outcome.get()).toList())
          .hasSize(9100)
          .isSorted();
    }
  }

  private static int pausing(boolean pauses, int millis, int value) {
    if (pauses) {
      LockSupport.parkNanos(millis * 1_000_000L);
    }
    return value;
  }
}
