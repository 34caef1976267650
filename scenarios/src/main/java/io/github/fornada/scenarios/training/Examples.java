package io.github.fornada.scenarios.training;

import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import org.tribuo.Example;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.impl.ArrayExample;
import org.tribuo.provenance.SimpleDataSourceProvenance;

/**
 * Points of two classes that overlap. Every JVM makes them from the seed, once, so that no item
 * carries data.
 */
final class Examples {
  private static final int FEATURES = 8;
  private static final String[] NAMES = {"a", "b", "c", "d", "e", "f", "g", "h"};
  private static final ConcurrentHashMap<Integer, double[][]> KNOWN = new ConcurrentHashMap<>();
  private static final LabelFactory LABELS = new LabelFactory();

  private Examples() {}

  private static double[][] points(int count) {
    return KNOWN.computeIfAbsent(
        count,
        n -> {
          var random = new SplittableRandom(4711);
          var points = new double[n][FEATURES];
          for (int i = 0; i < n; i++) {
            double square = 0;
            for (int f = 0; f < FEATURES; f++) {
              points[i][f] = random.nextDouble(-1, 1) + (f < 2 ? 0.4 * side(i) : 0);
              square += points[i][f] * points[i][f];
            }
            // Some of one class lie within the other.
            if (square < 1.5) {
              points[i][0] = -points[i][0];
            }
          }
          return points;
        });
  }

  private static int side(int i) {
    return i % 2 == 0 ? 1 : -1;
  }

  private static Example<Label> example(double[][] points, int i) {
    return new ArrayExample<>(new Label(side(i) > 0 ? "even" : "odd"), NAMES, points[i]);
  }

  /** Returns whether point {@code i} is to be tested in this fold; the others train. */
  private static boolean isTested(int i, int fold, int folds) {
    return i / 2 % folds == fold;
  }

  /** Returns the points of a fold, either those that train or those that are tested. */
  static MutableDataset<Label> part(int count, int fold, int folds, boolean tested) {
    double[][] points = points(count);
    var data = new MutableDataset<>(new SimpleDataSourceProvenance("two classes", LABELS), LABELS);
    for (int i = 0; i < count; i++) {
      if (isTested(i, fold, folds) == tested) {
        data.add(example(points, i));
      }
    }
    return data;
  }
}
