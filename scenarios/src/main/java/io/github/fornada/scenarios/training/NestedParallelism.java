package io.github.fornada.scenarios.training;

import io.github.fornada.Pool;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.HandWritten;
import io.github.fornada.scenarios.harness.Interval;
import io.github.fornada.scenarios.harness.Program;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.harness.WrongResultException;
import io.github.fornada.scenarios.training.Training.Cell;
import io.github.fornada.scenarios.training.Training.Score;
import io.github.fornada.threads.ThreadPool;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A library that is parallel inside, under a pool and without one. */
final class NestedParallelism {
  private static final int BLOCKS = 5;

  /** Guess: nearer than this to the fastest is no difference. */
  private static final double AS_FAST = 1.15;

  private NestedParallelism() {}

  /**
   * Measures the grid with threads outside, inside, in both places and in none.
   *
   * @throws WrongResultException if a score differs
   */
  static Finding find(List<Cell> cells) throws Exception {
    int processors = Runtime.getRuntime().availableProcessors();
    var seconds = new LinkedHashMap<String, List<Double>>();
    try (Pool pool = ThreadPool.open(o -> o.withWorkers(processors))) {
      Map<String, Program<List<Score>>> ways = new LinkedHashMap<>();
      ways.put(
          "one at a time",
          () -> HandWritten.loop(cells, cell -> Training.partedForest(cell, false)));
      ways.put(
          "parallel inside, a loop outside",
          () -> HandWritten.loop(cells, cell -> Training.partedForest(cell, true)));
      ways.put(
          "one at a time inside, a pool outside",
          () -> pool.map(cells, cell -> Training.partedForest(cell, false)));
      ways.put(
          "parallel inside, and a pool outside",
          () -> pool.map(cells, cell -> Training.partedForest(cell, true)));
      List<Score> expected = List.of();
      for (int block = -1; block < BLOCKS; block++) { // the first warms up
        for (var way : ways.entrySet()) {
          long began = System.nanoTime();
          List<Score> scores = way.getValue().run();
          double took = (System.nanoTime() - began) / 1e9;
          if (expected.isEmpty()) {
            expected = scores;
          }
          WrongResultException.unless(
              scores.equals(expected), "the scores differ, " + way.getKey());
          if (block >= 0) {
            seconds.computeIfAbsent(way.getKey(), name -> new ArrayList<>()).add(took);
          }
        }
      }
    }
    return new Finding("A library that is parallel inside, and threads around it", lines(seconds));
  }

  private static List<String> lines(Map<String, List<Double>> seconds) {
    var medians = new ArrayList<Double>();
    var lines = new ArrayList<String>();
    seconds.forEach((name, all) -> {
      double median = all.stream().sorted().toList().get(all.size() / 2);
      medians.add(median);
      lines.add(
          Words.format(
              "%-38s %9s %7s",
              name, Interval.time(median), Words.times(medians.getFirst() / median)));
    });
    double inside = medians.get(1);
    double both = medians.get(3);
    lines.addAll(
        both > inside / AS_FAST
            ? List.of(
                "Once it is parallel inside, a pool around it gains nothing: leave the outside",
                "sequential.")
            : List.of(
                "Here a pool around it gains even so: the parts inside are too few or too small",
                "for all processors."));
    return lines;
  }
}
