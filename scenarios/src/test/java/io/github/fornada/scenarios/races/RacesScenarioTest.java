package io.github.fornada.scenarios.races;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.scenarios.harness.Planted;
import org.junit.jupiter.api.Test;

class RacesScenarioTest {
  @Test
  void nothingIsLostUnderTheLockAndProcessesShareNothing() throws Exception {
    Planted.run(new RacesScenario.OneCounter(500));
  }

  @Test
  void oneLostUpdateIsFound() throws Exception {
    var trial = new RacesScenario.OneCounter(10);
    trial.before();
    Long right = trial.sequential();
    assertThat(right).isEqualTo(400);
    Planted.isFound(trial, right, right - 1);
  }

  @Test
  void theCounterWithoutALockStillCountsInSequence() {
    Counters.reset();
    Counters.addUnguarded(10);
    Counters.addByTwoAccesses(10);
    Counters.addAtomic(10);
    Counters.addToAdder(10);
    assertThat(Counters.unguarded()).isEqualTo(10);
    assertThat(Counters.byTwoAccesses()).isEqualTo(10);
    assertThat(Counters.atomic()).isEqualTo(10);
    assertThat(Counters.adder()).isEqualTo(10);
  }
}
