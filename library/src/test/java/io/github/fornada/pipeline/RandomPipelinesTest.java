package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.TaskFunction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pipelines of random stages with the narrowest queues give what a plain loop gives. */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RandomPipelinesTest {
  private static final int PIPELINES = 60;

  /** The last one, for whoever looks into a failure. */
  static volatile PipelineRun<?> last;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void givesWhatAPlainLoopGives(boolean ordered) {
    for (int k = 0; k < PIPELINES; k++) {
      long seed = System.nanoTime();
      try {
        check(new Random(seed), ordered);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + ", ordered " + ordered, e);
      }
    }
  }

  private static void check(Random random, boolean ordered) {
    int items = random.nextInt(random.nextInt(5) == 0 ? 3_000 : 200);
    List<Long> source = LongStream.range(0, items).boxed().toList();
    Pipeline<Long> pipeline = Pipeline.from(source);
    UnaryOperator<Stream<Long>> loop = UnaryOperator.identity();
    int stages = 1 + random.nextInt(4);
    for (int k = 0; k < stages; k++) {
      int kind = random.nextInt(5);
      StageModel<?> model =
          switch (random.nextInt(3)) {
            case 0 -> StageModel.sequential();
            case 1 -> StageModel.threads(1 + random.nextInt(3));
            default -> StageModel.virtualThreads(1 + random.nextInt(5));
          };
      int factor = random.nextInt(5);
      UnaryOperator<Stream<Long>> before = loop;
      switch (kind) {
        case 0 -> {
          TaskFunction<Long, Stream<Long>> many =
              x -> LongStream.range(0, x % (factor + 1)).boxed();
          pipeline = pipeline.flatStage("s" + k, model, many);
          loop = s -> before.apply(s).flatMap(x -> LongStream.range(0, x % (factor + 1)).boxed());
        }
        case 1 -> {
          pipeline =
              pipeline.filter(x -> x % 3 != factor).stage("s" + k, model, x -> jitter(x) + 1);
          loop = s -> before.apply(s).filter(x -> x % 3 != factor).map(x -> x + 1);
        }
        case 2 -> {
          TaskFunction<Long, Stream<Long>> many =
              x -> x % 50 == 0 ? LongStream.range(0, 60).boxed() : Stream.of(x);
          pipeline = pipeline.flatStage("s" + k, model, many).filter(x -> x % 5 != factor);
          loop =
              s ->
                  before
                      .apply(s)
                      .flatMap(x -> x % 50 == 0 ? LongStream.range(0, 60).boxed() : Stream.of(x))
                      .filter(x -> x % 5 != factor);
        }
        case 3 -> {
          // A batch that is not full waits for a day: what is left of it comes at the end.
          pipeline =
              pipeline
                  .batches(1 + random.nextInt(30), Duration.ofDays(1))
                  .flatStage("s" + k, model, (List<Long> batch) -> slowAtFirst(batch).stream());
        }
        default -> {
          pipeline = pipeline.stage("s" + k, model, x -> fails(x, factor)).map(x -> x * 2);
          loop = s -> before.apply(s).map(x -> x < 0 || x % 11 == factor ? -1 : x * 2);
          UnaryOperator<Stream<Long>> marked = loop;
          // An item that failed goes through none of the stages after: so the loop drops it.
          loop = s -> marked.apply(s).filter(x -> x >= 0);
        }
      }
    }
    int queue = random.nextInt(6);
    List<Long> expected = loop.apply(source.stream()).toList();
    try (var run = pipeline.run(o -> queue == 0 ? o : o.withQueue(queue))) {
      last = run;
      Stream<PipelineOutcome<Long>> outcomes = ordered ? run.outcomes() : run.completions();
      var results = new ArrayList<Long>();
      outcomes.forEach(o -> {
        if (o.isDone()) {
          results.add(o.get());
        }
      });
      if (ordered) {
        assertThat(results).isEqualTo(expected);
      } else {
        assertThat(results.stream().sorted()).isEqualTo(expected.stream().sorted().toList());
      }
      assertThat(run.summary().sourceItems()).isEqualTo(items);
    }
  }

  private static long jitter(long x) {
    if (x % 7 == 0) {
      LockSupport.parkNanos(1000);
    }
    return x;
  }

  /** The queue before it has places for few, and then for many. */
  private static List<Long> slowAtFirst(List<Long> batch) {
    if (batch.getFirst() < 20) {
      LockSupport.parkNanos(1_000_000);
    }
    return batch;
  }

  private static long fails(long x, int factor) {
    if (x % 11 == factor) {
      throw new IllegalArgumentException("no " + x);
    }
    return x;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 50})
  void batchesOfOneStageGoThroughInOrder(int queue) {
    List<Integer> source = IntStream.range(0, 1000).boxed().toList();
    try (var run =
        Pipeline.from(source)
            .batches(7, Duration.ofSeconds(50))
            .stage("sum", StageModel.threads(3), (List<Integer> l) -> List.copyOf(l))
            .flatStage("apart", StageModel.threads(2), (List<Integer> l) -> l.stream())
            .batches(13, Duration.ofSeconds(50))
            .run(o -> o.withQueue(queue))) {
      assertThat(run.outcomes().flatMap(o -> o.get().stream())).isEqualTo(source);
    }
  }
}
