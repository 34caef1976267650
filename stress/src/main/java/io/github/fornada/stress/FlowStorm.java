package io.github.fornada.stress;

import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.PipelineOutcome;
import io.github.fornada.pipeline.PipelineRun;
import io.github.fornada.pipeline.StageModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Very many items through a pipeline: what it holds at a time must not grow with them. */
final class FlowStorm implements Storm {
  private static final int SAMPLES = 30;
  private static final long MIB = 1 << 20;
  private static final long SLACK_MIB = 3;

  /** Items through worker processes, of those that there are in all. */
  private static final int SHARE_OF_PROCESSES = 10;

  private final Settings settings;

  FlowStorm(Settings settings) {
    this.settings = settings;
  }

  @Override
  public String name() {
    return "flow";
  }

  @Override
  public Duration deadline() {
    return Duration.ofSeconds(120 + settings.flow() / 20_000);
  }

  @Override
  public String run(Findings findings) {
    int items = settings.flow();
    // Whatever the first pool of a JVM leaves for the others is there before anything is counted.
    long _ = flow(findings, "first", 1000, StageModel.processes(1), StageModel.threads(1));
    List<String> descriptors = Vitals.descriptors();
    long inThreads =
        flow(findings, "threads", items, StageModel.threads(2), StageModel.virtualThreads(4));
    int fewer = items / SHARE_OF_PROCESSES;
    long inProcesses =
        flow(findings, "processes", fewer, StageModel.processes(1), StageModel.threads(1));
    Vitals.checkNothingLeft(findings, descriptors);
    return String.format(
        Locale.ROOT,
        "%,d items through threads, heap %d MiB; %,d through processes, heap %d MiB",
        items,
        inThreads,
        fewer,
        inProcesses);
  }

  private static int plusOne(int n) {
    return n + 1;
  }

  private static Stream<Integer> some(int n) {
    return n % 3 == 0 ? Stream.empty() : n % 3 == 1 ? Stream.of(n) : Stream.of(n, n);
  }

  /** Returns the heap at the end, in MiB. */
  private static long flow(
      Findings findings, String what, int items, StageModel<?> first, StageModel<?> second) {
    var heaps = new ArrayList<Long>();
    long count = 0;
    long every = items / SAMPLES;
    try (PipelineRun<Integer> run =
            Pipeline.from(() -> IntStream.range(0, items).iterator())
                .stage("plus", first, n -> plusOne(n))
                .flatStage("some", StageModel.threads(1), n -> some(n))
                .stage("again", second, n -> plusOne(n))
                .run();
        Stream<PipelineOutcome<Integer>> outcomes = run.outcomes()) {
      for (var it = outcomes.iterator(); it.hasNext(); ) {
        var outcome = it.next();
        if (!outcome.isDone()) {
          findings.add(what + ": " + outcome);
        }
        if (++count % every == 0) {
          heaps.add(Vitals.heapAfterGc() / MIB);
        }
      }
      findings.check(
          run.summary().sourceItems() == items,
          "%s: %d of %d items were taken",
          what,
          run.summary().sourceItems(),
          items);
    }
    long expected = IntStream.range(1, items + 1).mapToLong(n -> n % 3).sum();
    findings.check(count == expected, "%s: %d results and not %d", what, count, expected);
    int third = heaps.size() / 3;
    long before = median(heaps.subList(third, 2 * third));
    long after = median(heaps.subList(2 * third, heaps.size()));
    findings.check(after <= before + SLACK_MIB, "%s: the heap grew, in MiB: %s", what, heaps);
    return after;
  }

  private static long median(List<Long> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
