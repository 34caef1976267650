package io.github.fornada.scenarios.concurrency;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.scenarios.concurrency.Kitchen.Cake;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.HandWritten;
import io.github.fornada.scenarios.harness.MapTrial;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Step;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.util.List;
import java.util.Optional;

/** The row {@code concurrency-vs-parallelism}. */
public final class ConcurrencyScenario implements Scenario {
  @Override
  public String name() {
    return "concurrency-vs-parallelism";
  }

  @Override
  public String about() {
    return "cakes: work for a cook, and time in the oven that needs none";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) {
    return List.of(
        new Cakes(Kitchen.cakes(setup.size().of(6, 24, 60), Kitchen.roundsInAMillisecond())));
  }

  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    List<Cake> cakes = Kitchen.cakes(4, Kitchen.roundsInAMillisecond());
    // One after the other: what all the pictures are drawn to.
    long began = System.nanoTime();
    HandWritten.loop(cakes, Kitchen::make);
    long scale = System.nanoTime() - began;
    try (Pool one = SequentialPool.open();
        Pool virtual = VirtualThreadPool.open();
        Pool two = ThreadPool.open(o -> o.withWorkers(2))) {
      return List.of(
          Timelines.draw(
              "One cook, one cake at a time (M mixing, . baking, I icing)",
              cakes,
              one,
              false,
              scale),
          Timelines.draw(
              "Concurrency: one cook, who does not wait by the oven", cakes, virtual, true, scale),
          Timelines.draw(
              "Parallelism: two cooks, each with one cake at a time", cakes, two, false, scale),
          Timelines.draw(
              "Both: every processor a cook, and nobody waits by the oven",
              cakes,
              virtual,
              false,
              scale));
    }
  }

  /** Mostly waiting, and some work. */
  static final class Cakes extends MapTrial<Cake, Long> {
    Cakes(List<Cake> cakes) {
      super("", cakes, Kitchen::make);
    }

    @Override
    public String guidePick() {
      return "asyncio";
    }

    @Override
    public Optional<Step<List<Long>>> expert() {
      return Optional.of(
          new Step<>(
              "virtual threads by hand", () -> HandWritten.virtualThreads(items(), function())));
    }

    @Override
    public String why(Comparison comparison) {
      double virtual = comparison.gain(ExecutionModel.VIRTUAL_THREADS);
      double threads = comparison.gain(ExecutionModel.PLATFORM_THREADS);
      return comparison.isBest(ExecutionModel.VIRTUAL_THREADS)
          ? Words.format(
              "Virtual threads do not wait by the oven, as asyncio does not, and use every"
                  + " processor besides: %s, one thread a processor %s.",
              Words.times(virtual), Words.times(threads))
          : "Virtual threads were expected to be best, and were not: " + Words.times(virtual) + ".";
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(PythonProgram.of("cakes.py", items().size()));
    }
  }
}
