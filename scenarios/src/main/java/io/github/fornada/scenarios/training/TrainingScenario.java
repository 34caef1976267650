package io.github.fornada.scenarios.training;

import io.github.fornada.ExecutionModel;
import io.github.fornada.TaskFunction;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.MapTrial;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Step;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.training.Training.Cell;
import io.github.fornada.scenarios.training.Training.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The row {@code ml-training}. */
public final class TrainingScenario implements Scenario {
  private static final int FOLDS = 4;

  @Override
  public String name() {
    return "ml-training";
  }

  @Override
  public String about() {
    return "a grid search with cross-validation: Tribuo's LibSVM and random forest";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) {
    return List.of(
        new Svm(setup.size().of(200, 1_500, 4_000)),
        new Forest(setup.size().of(250, 1_500, 4_000)));
  }

  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    int examples = setup.size().of(250, 1_500, 4_000);
    return List.of(NestedParallelism.find(grid(examples, new double[] {4, 8}, new double[] {8})));
  }

  private static List<Cell> grid(int examples, double[] first, double[] second) {
    var cells = new ArrayList<Cell>();
    for (double a : first) {
      for (double b : second) {
        for (int fold = 0; fold < FOLDS; fold++) {
          cells.add(new Cell(fold, FOLDS, a, b, examples));
        }
      }
    }
    return cells;
  }

  /** What both have in common. */
  abstract static class Grid extends MapTrial<Cell, Score> {
    private final String kind;

    Grid(String name, String kind, List<Cell> cells, TaskFunction<Cell, Score> train) {
      super(name, cells, train);
      this.kind = kind;
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(PythonProgram.of("training.py", kind, items().getFirst().examples()));
    }

    @Override
    public String guidePick() {
      return "multiprocessing";
    }

    final String figures(Comparison comparison) {
      return Words.format(
          "threads %s, processes %s",
          Words.times(comparison.gain(ExecutionModel.PLATFORM_THREADS)),
          Words.times(comparison.gain(ExecutionModel.PROCESSES)));
    }

    @Override
    public List<String> remarks(Comparison comparison) {
      return List.of(
          "%d models of %d examples; seed of every trainer %d; scores equal to the last bit."
              .formatted(items().size(), items().getFirst().examples(), Training.SEED));
    }
  }

  /** One at a time in a JVM. */
  static final class Svm extends Grid {
    Svm(int examples) {
      super(
          "LibSVM",
          "svm",
          grid(examples, new double[] {0.5, 2, 8}, new double[] {0.1, 0.5}),
          Training::svm);
    }

    @Override
    public Optional<Step<List<Score>>> expert() {
      return Optional.empty(); // by hand, it would be another process pool
    }

    @Override
    public String why(Comparison comparison) {
      return comparison.isBest(ExecutionModel.PROCESSES)
          ? "LibSVM trains under the lock of a class, one model at a time in a JVM, so that the"
              + " guide's pick is right here too: "
              + figures(comparison)
              + "."
          : "Processes were expected to be the way around LibSVM's lock, and were not: "
              + figures(comparison)
              + ".";
    }
  }

  /** As many at a time as there are processors. */
  static final class Forest extends Grid {
    Forest(int examples) {
      super(
          "random forest",
          "forest",
          grid(examples, new double[] {4, 8}, new double[] {5, 10}),
          Training::forest);
    }

    @Override
    public String why(Comparison comparison) {
      return comparison.isBest(ExecutionModel.PLATFORM_THREADS)
              || comparison.isBest(ExecutionModel.VIRTUAL_THREADS)
          ? "Trees are trained without any lock, and Java has no GIL: " + figures(comparison) + "."
          : "Threads were expected to be best or tied, and were not: " + figures(comparison) + ".";
    }
  }
}
