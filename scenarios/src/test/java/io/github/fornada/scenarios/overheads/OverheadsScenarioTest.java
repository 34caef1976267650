package io.github.fornada.scenarios.overheads;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.scenarios.harness.Planted;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class OverheadsScenarioTest {
  @Test
  void tinyTasksGiveTheSameUnderEveryModel() throws Exception {
    Planted.run(new OverheadsScenario.TinyTasks(500));
  }

  @Test
  void oneTaskThatWasNotRunIsFound() throws Exception {
    var trial = new OverheadsScenario.TinyTasks(5);
    var wrong = new ArrayList<>(trial.sequential());
    wrong.removeLast();
    Planted.isFound(trial, trial.sequential(), wrong);
  }

  @Test
  void eachKindCostsSomething() throws Exception {
    assertThat(Costs.ofThread(Thread.ofVirtual().factory(), 20).seconds()).isPositive();
    assertThat(Costs.ofThread(Thread.ofPlatform().factory(), 20).seconds()).isPositive();
    assertThat(Costs.ofWorker().bytes()).isGreaterThan(1 << 20);
  }
}
