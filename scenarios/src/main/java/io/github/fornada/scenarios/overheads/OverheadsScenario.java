package io.github.fornada.scenarios.overheads;

import io.github.fornada.ExecutionModel;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.Interval;
import io.github.fornada.scenarios.harness.MapTrial;
import io.github.fornada.scenarios.harness.Measured;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Size;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The row {@code overheads}. */
public final class OverheadsScenario implements Scenario {
  @Override
  public String name() {
    return "overheads";
  }

  @Override
  public String about() {
    return "tasks too small to hand over, and what a thread or a worker JVM costs";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) {
    return List.of(new TinyTasks(setup.size()));
  }

  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    int threads = setup.size().of(400, 2_000, 5_000);
    Costs.Cost virtual = Costs.ofThread(Thread.ofVirtual().factory(), 20 * threads);
    Costs.Cost platform = Costs.ofThread(Thread.ofPlatform().factory(), threads);
    Costs.Cost worker = Costs.ofWorker();
    var lines = new ArrayList<String>();
    lines.add(Words.format("%-18s %16s %16s", "", "create and end", "memory, waiting"));
    lines.add(line("virtual thread", virtual));
    lines.add(line("platform thread", platform));
    lines.add(line("worker JVM", worker));
    lines.add("Each time is the best of several means; memory is resident memory.");
    return List.of(new Finding("What one of each costs", lines));
  }

  private static String line(String name, Costs.Cost cost) {
    String memory =
        cost.bytes() < 1 << 20
            ? Words.format("%.1f KiB", cost.bytes() / 1024)
            : Words.format("%.0f MiB", cost.bytes() / (1 << 20));
    return Words.format("%-18s %16s %16s", name, Interval.time(cost.seconds()), memory);
  }

  /** Tasks that do next to nothing. */
  static final class TinyTasks extends MapTrial<Integer, Integer> {
    TinyTasks(Size size) {
      this(size.of(100_000, 500_000, 2_000_000));
    }

    /** Creates a trial of so many tasks. */
    TinyTasks(int count) {
      super("tiny tasks", IntStream.range(0, count).boxed().toList(), OverheadsScenario::increment);
    }

    @Override
    public String guidePick() {
      return "none: a loop";
    }

    @Override
    protected boolean tieExplains() {
      return true;
    }

    @Override
    public String why(Comparison comparison) {
      return comparison.isBest(ExecutionModel.SEQUENTIAL)
          ? "To hand such an item over costs more than to work on it, here as in Python."
          : "The plain loop was expected to be best, and was not: "
              + comparison.fastest().name()
              + " was.";
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      var parts = new ArrayList<String>();
      for (Measured way : comparison.models()) {
        parts.add(
            Words.format("%s %.0f ns", way.name(), 1e9 * way.interval().median() / items().size()));
      }
      return List.of("An item costs: " + String.join(", ", parts) + ".");
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(PythonProgram.of("overheads.py"));
    }
  }

  static int increment(int i) {
    return i + 1;
  }
}
