package io.github.fornada.scenarios.training;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import libsvm.svm;
import org.tribuo.Example;
import org.tribuo.Model;
import org.tribuo.Prediction;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.libsvm.LibSVMClassificationTrainer;
import org.tribuo.classification.libsvm.SVMClassificationType;
import org.tribuo.classification.libsvm.SVMClassificationType.SVMMode;
import org.tribuo.common.libsvm.KernelType;
import org.tribuo.common.libsvm.SVMParameters;
import org.tribuo.common.tree.RandomForestTrainer;

/** Trains on one fold with one choice of parameters, and tests. */
final class Training {
  /** The seed of every trainer, of which each item has its own: a shared one counts its calls. */
  static final long SEED = 12_345;

  private static final int PARTS = 4;

  // Kept, or the logger would be collected and its level with it.
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  static {
    // Otherwise they print every iteration and every tree, in every JVM.
    TRIBUO.setLevel(Level.WARNING);
    svm.svm_set_print_string_function(text -> {});
  }

  private Training() {}

  /**
   * One cell of the grid, on one fold.
   *
   * @param fold which part is tested
   * @param folds of how many
   * @param first the first parameter: the cost of the SVM, or the depth of the trees
   * @param second the second: its gamma, or the number of trees
   * @param examples how many in all
   */
  record Cell(int fold, int folds, double first, double second, int examples) {}

  /**
   * How the model did.
   *
   * @param right how many predictions were right
   * @param scoreBits all scores of all predictions added up, to the last bit
   */
  record Score(int right, long scoreBits) {}

  /**
   * Trains a support vector machine. LibSVM trains one at a time in a JVM, by a lock of a class.
   */
  static Score svm(Cell cell) {
    var parameters = new SVMParameters<>(new SVMClassificationType(SVMMode.C_SVC), KernelType.RBF);
    parameters.setCost(cell.first());
    parameters.setGamma(cell.second());
    return score(cell, new LibSVMClassificationTrainer(parameters, SEED));
  }

  /** Trains a random forest, in which nothing is locked. */
  static Score forest(Cell cell) {
    var trees = new CARTClassificationTrainer((int) cell.first(), 0.5f, SEED);
    return score(
        cell, new RandomForestTrainer<>(trees, new VotingCombiner(), (int) cell.second(), SEED));
  }

  /**
   * Trains a forest as a library does that is parallel inside: its trees in parts, each with a seed
   * of its own, so that the scores do not depend on how many train at once.
   *
   * @param inside whether the parts are trained by a parallel stream, or one after the other
   */
  static Score partedForest(Cell cell, boolean inside) {
    IntStream parts = IntStream.range(0, PARTS);
    List<Score> scores =
        (inside ? parts.parallel() : parts)
            .mapToObj(part -> {
              var trees = new CARTClassificationTrainer((int) cell.first(), 0.5f, SEED + part);
              int count = Math.max(1, (int) cell.second() / PARTS);
              return score(
                  cell, new RandomForestTrainer<>(trees, new VotingCombiner(), count, SEED + part));
            })
            .toList();
    int right = 0;
    long bits = 0;
    for (Score score : scores) {
      right += score.right();
      bits = 31 * bits + score.scoreBits();
    }
    return new Score(right, bits);
  }

  private static Score score(Cell cell, Trainer<Label> trainer) {
    Model<Label> model =
        trainer.train(Examples.part(cell.examples(), cell.fold(), cell.folds(), false));
    int right = 0;
    double sum = 0;
    for (Example<Label> example : Examples.part(cell.examples(), cell.fold(), cell.folds(), true)) {
      Prediction<Label> prediction = model.predict(example);
      if (prediction.getOutput().getLabel().equals(example.getOutput().getLabel())) {
        right++;
      }
      for (String name : new String[] {"even", "odd"}) {
        Label scored = prediction.getOutputScores().get(name);
        if (scored != null) {
          sum = 3 * sum + scored.getScore(); // the order counts too
          sum -= Math.floor(sum);
        }
      }
    }
    return new Score(right, Double.doubleToLongBits(sum));
  }
}
