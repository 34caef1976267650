package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Alone;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes that follow what is measured: by simulated pipelines, and a real one. */
@Alone
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class StageSizesTest {
  /** A pipeline of stages whose items take some time, as its figures would be. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Simulated(double[] times, boolean[] fixed, double processors, double noise) {
    double rate(int[] sizes) {
      double rate = Double.POSITIVE_INFINITY;
      for (int k = 0; k < times.length; k++) {
        rate = Math.min(rate, sizes[k] / times[k]);
      }
      return Math.min(rate, processors / Arrays.stream(times).sum());
    }

    StageSizes.Load load(int[] sizes, Random random) {
      double rate = rate(sizes);
      var busy = new double[times.length];
      var rates = new double[times.length];
      // Where processors are short, items take longer in the stage that all wait for.
      double slowest = 0;
      for (int k = 0; k < times.length; k++) {
        busy[k] = rate * times[k] / sizes[k];
        slowest = Math.max(slowest, busy[k]);
      }
      for (int k = 0; k < times.length; k++) {
        double off = 1 + noise * random.nextGaussian();
        busy[k] = Math.min(1, busy[k] / slowest * off);
        rates[k] = rate * off;
      }
      double cores = rate * Arrays.stream(times).sum();
      return new StageSizes.Load(busy, rates, cores, Math.max(0, processors - cores), processors);
    }

    double best(int total) {
      return best(new int[times.length], 0, total);
    }

    private double best(int[] sizes, int at, int left) {
      if (at == sizes.length) {
        return rate(sizes);
      }
      double best = 0;
      int others = sizes.length - at - 1;
      for (int n = 1; n <= left - others; n++) {
        sizes[at] = n;
        best = Math.max(best, best(sizes, at + 1, left - n));
      }
      return best;
    }
  }

  /** The best may be two steps away, neither of which would gain the 3 % that a change must. */
  private static final double NOT_WORTH_IT = 1.03 * 1.03;

  private static int[] settled(
      StageSizes sizes, ToDoubleFunction<int[]> rate, Simulated pipeline, Random random) {
    for (int look = 0; look < 200; look++) {
      int[] before = sizes.sizes();
      StageSizes.Step step = sizes.next(pipeline.load(before, random));
      int[] after = step.sizes();
      int moved = 0;
      for (int k = 0; k < after.length; k++) {
        moved += Math.abs(after[k] - before[k]);
      }
      if (!step.because().startsWith("back to")) { // which takes back all that did not help
        assertThat(moved).as("one change at a time").isLessThanOrEqualTo(2);
      }
      assertThat(rate.applyAsDouble(after)).isPositive();
    }
    return sizes.sizes();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.005})
  void comesToTheBestSizesThereAre(double noise) {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int k = 0; k < 300; k++) {
      int stages = 2 + random.nextInt(4);
      double[] times = random.doubles(stages, 0.001, 0.05).toArray();
      double processors = random.nextBoolean() ? 1000 : 1 + random.nextInt(8);
      var pipeline = new Simulated(times, new boolean[stages], processors, noise);
      int total = stages + random.nextInt(12);
      int[] first = IntStream.range(0, stages).map(i -> 1).toArray();
      for (int extra = random.nextInt(total - stages + 1); extra > 0; extra--) {
        first[random.nextInt(stages)]++;
      }
      var names = new String[stages];
      Arrays.setAll(names, i -> "s" + i);
      var sizes = new StageSizes(names, total, first, new boolean[stages], anyNumber(stages));
      int[] found = settled(sizes, pipeline::rate, pipeline, random);
      assertThat(Arrays.stream(found).sum()).isLessThanOrEqualTo(total);
      assertThat(pipeline.rate(found))
          .as("seed %s, pipeline %s: %s", seed, k, Arrays.toString(found))
          .isGreaterThanOrEqualTo(pipeline.best(total) / NOT_WORTH_IT);
    }
  }

  private static int[] anyNumber(int stages) {
    var most = new int[stages];
    Arrays.fill(most, Integer.MAX_VALUE);
    return most;
  }

  @Test
  void aStageWhosePoolHasNoMoreWorkersTakesNoneFromOthers() {
    var sizes =
        new StageSizes(
            new String[] {"a", "b"}, 6, new int[] {2, 4}, new boolean[2], new int[] {2, 5});
    var load = new StageSizes.Load(new double[] {1, 0.4}, new double[] {100, 100}, 0, -1, 2);
    assertThat(sizes.next(load).sizes()).containsExactly(2, 4);
  }

  @Test
  void whatDidNotHelpIsTakenBackOnce() {
    // Two workers of the second stage are no faster than one: they share a lock, say.
    var sizes =
        new StageSizes(new String[] {"a", "b"}, 4, new int[] {2, 1}, new boolean[2], anyNumber(2));
    var load = new StageSizes.Load(new double[] {0.3, 1}, new double[] {100, 100}, 0, -1, 2);
    assertThat(sizes.next(load).sizes()).containsExactly(2, 2);
    var step =
        sizes.next(new StageSizes.Load(new double[] {0.3, 1}, new double[] {100, 100}, 0, -1, 2));
    assertThat(step.sizes()).containsExactly(2, 1);
    assertThat(step.because()).isEqualTo("back to a 2, b 1: 100/s to 100/s did not help");
    assertThat(sizes.next(load).sizes()).containsExactly(2, 1);
    // Until an item takes another time.
    load = new StageSizes.Load(new double[] {0.9, 1}, new double[] {50, 50}, 0, -1, 2);
    assertThat(sizes.next(load).sizes()).containsExactly(2, 2);
  }

  @Test
  void whatDidNotHelpIsTriedAgainAfterSomeTime() {
    // Another program was in the way when it was tried.
    var sizes =
        new StageSizes(new String[] {"a", "b"}, 4, new int[] {3, 1}, new boolean[2], anyNumber(2));
    var load = new StageSizes.Load(new double[] {0.3, 1}, new double[] {100, 100}, 0, -1, 2);
    assertThat(sizes.next(load).sizes()).containsExactly(2, 2);
    var disturbed = new StageSizes.Load(new double[] {0.5, 1}, new double[] {99, 99}, 0, -1, 2);
    assertThat(sizes.next(disturbed).sizes()).containsExactly(3, 1);
    int looks = 0;
    while (sizes.next(load).sizes()[1] == 1) {
      assertThat(looks++).isLessThan(100);
    }
    assertThat(looks).isPositive();
    assertThat(sizes.sizes()).containsExactly(2, 2);
  }

  @Test
  void stagesGetAShareOfProcessorsThatOthersKeepBusy() {
    var sizes =
        new StageSizes(new String[] {"a", "b"}, 4, new int[] {3, 1}, new boolean[2], anyNumber(2));
    var load = new StageSizes.Load(new double[] {0.3, 1}, new double[] {100, 100}, 0.2, 0, 2);
    assertThat(sizes.next(load).sizes()).containsExactly(2, 2);
  }

  @Test
  void moreWorkersThanProcessorsAreOfNoUseToStagesThatCompute() {
    var sizes =
        new StageSizes(new String[] {"a", "b"}, 4, new int[] {1, 1}, new boolean[2], anyNumber(2));
    var load = new StageSizes.Load(new double[] {0.9, 1}, new double[] {100, 100}, 1.97, 0.03, 2);
    assertThat(sizes.next(load).sizes()).containsExactly(1, 1);
    load = new StageSizes.Load(new double[] {1, 1}, new double[] {100, 100}, 2, 0, 2);
    assertThat(sizes.next(load).sizes()).containsExactly(1, 1);
  }

  @Test
  void stagesOfVirtualThreadsAndThoseThatNobodyWaitsForKeepTheirs() {
    var fixed = new boolean[] {true, false, false};
    var names = new String[] {"a", "b", "c"};
    var sizes = new StageSizes(names, 6, new int[] {50, 1, 1}, fixed, anyNumber(3));
    var load =
        new StageSizes.Load(new double[] {1, 0.5, 0.2}, new double[] {100, 100, 100}, 0, -1, 2);
    assertThat(sizes.next(load).sizes()).containsExactly(50, 1, 1);
    load = new StageSizes.Load(new double[] {0.5, 0.6, 0.2}, new double[] {9, 9, 9}, 0, -1, 2);
    assertThat(sizes.next(load).sizes()).as("the source is slow").containsExactly(50, 1, 1);
  }

  // ---- a real one

  /**
   * How many slow items come one after the other at most: some times what a quiet machine needs.
   */
  private static final int ENOUGH = 700;

  private static Acts.Num waits(Acts.Num item, long millis) throws InterruptedException {
    Thread.sleep(millis); // the time that an item takes
    return item;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(value = 600, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void workersGoToTheStageThatHoldsTheOthersUp(boolean inProcesses) throws Exception {
    // A busy machine adds some milliseconds to each wait: to few long ones that is little. The
    // deadlines of all runs together are seven minutes.
    Waiting.inOneOfFewRuns(
        Duration.ofMillis(15), item -> workersGoToTheSlowStage(inProcesses, item));
  }

  private static void workersGoToTheSlowStage(boolean inProcesses, Duration item) {
    long slow = item.toMillis();
    var pipeline =
        Pipeline.from(new Acts.Endless()).stage("quick", StageModel.threads(3), x -> waits(x, 2));
    pipeline =
        inProcesses
            ? pipeline.stage("slow", StageModel.processes(1), x -> waits(x, slow))
            : pipeline.stage("slow", StageModel.threads(1), x -> waits(x, slow));
    try (var run = pipeline.run(o -> o.withTotal(4));
        Stream<PipelineOutcome<Acts.Num>> outcomes = run.outcomes()) {
      var it = outcomes.iterator();
      var seen = new AtomicReference<PipelineSummary>();
      Waiting.until(
          "the workers are where they are needed",
          item.multipliedBy(ENOUGH),
          () -> {
            for (int k = 0; k < 20; k++) {
              assertThat(it.next().isDone()).isTrue();
            }
            seen.set(run.summary());
            return seen.get().stages().get(1).size() == 3;
          });
      PipelineSummary summary = seen.get();
      assertThat(summary.stages()).extracting(StageSummary::size).containsExactly(1, 3);
      assertThat(summary.changes()).isNotEmpty().allMatch(text -> text.contains("slow"));
      for (int k = 0; k < 50; k++) {
        assertThat(it.next().isDone()).isTrue();
      }
    }
  }

  @Test
  void aStageRunsNoMoreItemsAtOnceThanItsSize() {
    var now = new AtomicInteger();
    var most = new AtomicInteger();
    TaskFunction<Integer, Integer> counted =
        x -> {
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          Thread.sleep(2); // the time that an item takes
          now.decrementAndGet();
          return x;
        };
    List<Integer> items = IntStream.range(0, 200).boxed().toList();
    // Each pool may have three workers. On a busy machine a change may seem worth it.
    try (var run =
        Pipeline.from(items)
            .stage("a", StageModel.threads(2), counted)
            .stage("b", StageModel.processes(2), x -> StageSizesTest.slept(x))
            .run(o -> o.withTotal(4))) {
      List<PipelineOutcome<Integer>> outcomes = run.outcomes().toList();
      assertThat(outcomes).extracting(PipelineOutcome::get).isEqualTo(items);
      int largest = run.summary().changes().isEmpty() ? 2 : 3;
      assertThat(most.get()).isLessThanOrEqualTo(largest);
      assertThat(outcomes.stream().map(PipelineOutcome::worker).distinct().toList())
          .hasSizeLessThanOrEqualTo(largest);
    }
  }

  private static int slept(int x) throws InterruptedException {
    Thread.sleep(2); // the time that an item takes
    return x;
  }

  @Test
  void aTotalThatDoesNotFitIsRefused() {
    var items = List.of(1, 2, 3);
    var wide = Pipeline.from(items).stage("a", StageModel.threads(3), x -> x);
    assertThatThrownBy(() -> wide.run(o -> o.withTotal(2)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "the stages have 3 workers, and the total is 2: give them fewer, or a higher total");
    var virtual = Pipeline.from(items).stage("a", StageModel.virtualThreads(3), x -> x);
    assertThatThrownBy(() -> virtual.run(o -> o.withTotal(2)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("withTotal is for stages of threads and processes");
    assertThatThrownBy(() -> wide.run(o -> o.withTotal(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("total must be from 1 to 100000, got 0");
  }
}
