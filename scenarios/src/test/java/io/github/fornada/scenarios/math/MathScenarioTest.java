package io.github.fornada.scenarios.math;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.scenarios.harness.Planted;
import io.github.fornada.scenarios.harness.Size;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MathScenarioTest {
  @Test
  void primesAreCountedExactlyUnderEveryModel() throws Exception {
    var trial = new MathScenario.Primes(Size.SMALL);
    // 78,498 primes are below 1,000,000.
    assertThat(trial.sequential().stream().mapToInt(n -> n).sum()).isEqualTo(78_498);
    Planted.run(trial);
  }

  @Test
  void everyPointOfTheMandelbrotSetIsCompared() throws Exception {
    var trial = new MathScenario.Mandelbrot(Size.SMALL);
    Planted.run(trial);
    List<int[]> right = trial.sequential();
    var wrong = new ArrayList<int[]>();
    right.forEach(row -> wrong.add(row.clone()));
    wrong.get(7)[3]++;
    Planted.isFound(trial, right, wrong);
  }

  @Test
  void randomPointsAreTheSameInAnyOrder() throws Exception {
    Planted.run(new MathScenario.MonteCarlo(Size.SMALL));
  }

  @Test
  void theProductIsThatOfTheDefinition() throws Exception {
    int n = 37; // neither a multiple of the tile nor of four
    double[] product = Matrices.product(new Matrices.Rows(0, n, n));
    Matrices matrices = Matrices.of(n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int k = 0; k < n; k++) {
          sum += matrices.a()[i * n + k] * matrices.b()[k * n + j];
        }
        assertThat(Math.abs(product[i * n + j] - sum)).isLessThan(1e-12 * n);
      }
    }
  }

  @Test
  void oneWrongValueOfTheProductIsFoundEvenIfItIsNoNumber() throws Exception {
    var trial = new MathScenario.Product(Size.SMALL);
    List<double[]> right = trial.sequential();
    var wrong = new ArrayList<double[]>();
    right.forEach(block -> wrong.add(block.clone()));
    wrong.get(1)[5] += 1e-6;
    Planted.isFound(trial, right, wrong);
    wrong.get(1)[5] = Double.NaN;
    Planted.isFound(trial, right, wrong);
  }

  @Test
  void sharedNumbersGiveTheSameSumUnderEveryModel() throws Exception {
    Planted.run(new MathScenario.Sum(Size.SMALL));
  }
}
