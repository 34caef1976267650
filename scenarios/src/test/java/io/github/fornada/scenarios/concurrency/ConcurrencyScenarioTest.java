package io.github.fornada.scenarios.concurrency;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.Planted;
import io.github.fornada.threads.VirtualThreadPool;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConcurrencyScenarioTest {
  @Test
  void everyCakeTastesTheSameUnderEveryModel() throws Exception {
    Planted.run(new ConcurrencyScenario.Cakes(Kitchen.cakes(3, 100)));
  }

  @Test
  void aCakeWithoutIcingIsFound() throws Exception {
    var trial = new ConcurrencyScenario.Cakes(Kitchen.cakes(2, 100));
    List<Long> right = trial.sequential();
    var wrong = new ArrayList<>(right);
    Kitchen.Cake second = Kitchen.cakes(2, 100).get(1);
    wrong.set(1, Kitchen.make(new Kitchen.Cake(second.number(), second.mixing(), 1, 0)));
    Planted.isFound(trial, right, wrong);
  }

  @Test
  void theTimelineShowsEveryStepOfEveryCake() throws Exception {
    List<Kitchen.Cake> cakes = Kitchen.cakes(2, 1_000);
    try (Pool pool = VirtualThreadPool.open()) {
      Finding drawn = Timelines.draw("title", cakes, pool, true, 1_000_000_000);
      assertThat(drawn.lines()).hasSize(3);
      assertThat(drawn.lines().subList(0, 2))
          .allMatch(line -> line.contains("M") && line.contains(".") && line.contains("I"))
          .allMatch(line -> line.length() <= 76);
    }
  }
}
