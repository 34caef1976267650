package io.github.fornada.pipeline;

import static io.github.fornada.pipeline.StageModel.processes;
import static io.github.fornada.pipeline.StageModel.threads;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Waiting;
import io.github.fornada.threads.ThreadPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the summary says of runs that are stopped, and of workers that are replaced. */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RunFiguresTest {
  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  // ---- a stop

  /** Takes all outcomes, and holds the figures against them; returns the sentence on one line. */
  private static String checked(PipelineRun<?> run, IntConsumer after) {
    var taken = new ArrayList<PipelineOutcome<?>>();
    try {
      run.outcomes()
          .forEach(outcome -> {
            taken.add(outcome);
            after.accept(taken.size());
          });
    } catch (CancellationException | RejectedExecutionException e) {
      assertThat(taken).as("what came before it").isNotEmpty();
    }
    PipelineSummary summary = run.summary();
    assertThat(summary.outcomes()).isEqualTo(taken.size());
    for (StageSummary stage : summary.stages()) {
      assertThat(stage.failed())
          .as("without a result in %s", stage.name())
          .isEqualTo(
              taken.stream().filter(o -> !o.isDone() && o.stage().equals(stage.name())).count());
    }
    long results = taken.stream().filter(PipelineOutcome::isDone).count();
    long cancelled = taken.stream().filter(o -> o.outcome() instanceof Outcome.Cancelled).count();
    String text = summary.toString().replaceAll("\\s+", " ");
    assertThat(cancelled).as("what was stopped").isPositive();
    assertThat(text)
        .contains(": " + results + " results, " + (taken.size() - results) + " without one")
        .contains(
            cancelled == taken.size() - results
                ? ", all of them cancelled."
                : ", " + cancelled + " of them cancelled.");
    run.close();
    assertThat(run.summary().outcomes()).as("after the close").isEqualTo(taken.size());
    return text;
  }

  @Test
  void whatAFailureStopsIsCounted() {
    var others = new CountDownLatch(1);
    var never = new CountDownLatch(1); // one item at least is stopped
    try (var run =
        Pipeline.from(numbers(1000))
            .stage(
                "a",
                threads(2),
                x -> {
                  if (x == 105) {
                    others.countDown();
                    never.await();
                  }
                  if (x == 100) {
                    assertThat(others.await(Waiting.DEADLINE.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
                    throw new IllegalStateException("bad");
                  }
                  return x;
                })
            .stage("b", threads(1), x -> x)
            .run(o -> o.withStopOnFailure().withQueue(30))) {
      assertThat(checked(run, n -> {})).contains("then it was stopped");
    }
  }

  /** What is stopped must be there: a source may be slower than who consumes the outcomes. */
  private static void awaitSource(PipelineRun<?> run, long items) {
    Waiting.until("items wait", () -> run.summary().sourceItems() >= items);
  }

  /**
   * At the cancel more items have been read than can have become outcomes: ten batches of seven are
   * taken by then, and there is room for some sixty more parts, of three of each item.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatACancelStopsIsCounted(boolean inBatches) {
    Pipeline<Integer> stages =
        Pipeline.from(numbers(1000))
            .stage("a", threads(2), x -> x)
            .flatStage("b", threads(1), x -> Stream.of(x, x, x));
    try (PipelineRun<?> run =
        inBatches
            ? stages.batches(7, Duration.ofDays(1)).run(o -> o.withQueue(40))
            : stages.run(o -> o.withQueue(40))) {
      assertThat(
              checked(
                  run,
                  n -> {
                    if (n == 10) {
                      awaitSource(run, 60);
                      run.cancel();
                    }
                  }))
          .contains("then it was stopped");
    }
  }

  @Test
  void whatTheShutdownOfAPoolStopsIsCounted() {
    var isShutDown = new CountDownLatch(1);
    try (var pool = ThreadPool.open(o -> o.withWorkers(2));
        var run =
            Pipeline.from(numbers(1000))
                .stage("a", threads(1), x -> x)
                .stage(
                    "b",
                    pool,
                    x -> {
                      if (x >= 60) { // so that others wait behind it
                        isShutDown.await();
                      }
                      return x;
                    })
                .run(o -> o.withQueue(20))) {
      assertThat(
              checked(
                  run,
                  n -> {
                    if (n == 50) {
                      awaitSource(run, 65);
                      pool.shutdown();
                      isShutDown.countDown();
                    }
                  }))
          .contains("then it was stopped");
    }
  }

  @Test
  void whatACloseTakesAwayIsCounted() {
    try (var run =
        Pipeline.from(numbers(1000))
            .stage("a", threads(1), x -> x)
            .stage("b", threads(1), x -> x)
            .run(o -> o.withQueue(20))) {
      try (var outcomes = run.outcomes()) {
        assertThat(outcomes.limit(30).count()).isEqualTo(30);
      }
      run.close();
      assertThat(run.summary().outcomes()).isEqualTo(run.summary().sourceItems());
    }
  }

  // ---- workers that are replaced

  @Test
  void workersThatAreReplacedAfterSomeItemsDoNotWaitForInputMeanwhile() throws Exception {
    Waiting.inOneOfFewRuns(RunFiguresTest::runWithWorkersThatAreReplacedAfterSomeItems);
  }

  private static void runWithWorkersThatAreReplacedAfterSomeItems() {
    try (var run =
        Pipeline.from(numbers(40))
            .stage("read", threads(1), x -> x)
            .stage("parse", processes(1), RunFiguresTest::nap, o -> o.withMaxTasks(5))
            .run()) {
      assertThat(run.outcomes()).hasSize(40).allMatch(PipelineOutcome::isDone);
      startsCount(run.summary());
    }
  }

  @Test
  void workersThatDieDoNotWaitForInputMeanwhile() throws Exception {
    Waiting.inOneOfFewRuns(RunFiguresTest::runWithWorkersThatDie);
  }

  private static void runWithWorkersThatDie() {
    try (var run =
        Pipeline.from(numbers(40))
            .stage("read", threads(1), x -> x)
            .stage(
                "parse",
                processes(1),
                x -> {
                  if (x % 8 == 7) {
                    Runtime.getRuntime().halt(1);
                  }
                  return nap(x);
                })
            .run()) {
      assertThat(run.outcomes().filter(PipelineOutcome::isDone)).hasSize(35);
      startsCount(run.summary());
    }
  }

  private static int nap(int x) throws InterruptedException {
    Thread.sleep(2);
    return x;
  }

  /** One worker, which starts anew for most of the time. */
  private static void startsCount(PipelineSummary summary) {
    StageSummary parse = summary.stages().get(1);
    String said = summary.toString();
    assertThat(parse.waitsForInput()).as(said).isLessThan(0.4);
    assertThat(parse.trueRate()).as(said).isBetween(0.5 * parse.rate(), 2 * parse.rate());
    assertThat(summary.bottleneck()).as(said).isNotNull();
    assertThat(summary.bottleneck().name()).isEqualTo("parse");
    assertThat(summary.rateWithOneMore()).as(said).isLessThan(3 * parse.rate());
    assertThat(said.replaceAll("\\s+", " "))
        .containsPattern("\"parse\" starts workers anew \\d+ % of the time: \\d+ restarts\\.")
        .containsPattern("an item takes .* and .* more because workers start anew, so");
  }
}
