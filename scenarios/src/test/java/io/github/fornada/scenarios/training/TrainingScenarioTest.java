package io.github.fornada.scenarios.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.scenarios.harness.Planted;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainingScenarioTest {
  @Test
  void scoresOfLibSvmAreTheSameUnderEveryModel() throws Exception {
    Planted.run(new TrainingScenario.Svm(80));
  }

  @Test
  void scoresOfTheForestAreTheSameUnderEveryModel() throws Exception {
    Planted.run(new TrainingScenario.Forest(80));
  }

  @Test
  void bothLearnMoreThanChance() {
    var cell = new Training.Cell(0, 4, 2, 0.5, 400);
    assertThat(Training.svm(cell).right()).isGreaterThan(60);
    assertThat(Training.forest(new Training.Cell(0, 4, 6, 10, 400)).right()).isGreaterThan(60);
  }

  @Test
  void aForestOfPartsIsTheSameHoweverManyTrainAtOnce() {
    var cell = new Training.Cell(1, 4, 6, 10, 200);
    assertThat(Training.partedForest(cell, true)).isEqualTo(Training.partedForest(cell, false));
  }

  @Test
  void oneBitOfAScoreIsFound() throws Exception {
    var trial = new TrainingScenario.Forest(80);
    List<Training.Score> right = trial.sequential();
    var wrong = new ArrayList<>(right);
    Training.Score score = wrong.getLast();
    wrong.set(wrong.size() - 1, new Training.Score(score.right(), score.scoreBits() ^ 1));
    Planted.isFound(trial, right, wrong);
  }
}
