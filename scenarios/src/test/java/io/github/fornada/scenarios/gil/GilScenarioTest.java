package io.github.fornada.scenarios.gil;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.scenarios.harness.Planted;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GilScenarioTest {
  @Test
  void theLegacyLibraryGivesTheSameUnderEveryModel() throws Exception {
    Planted.run(new GilScenario.ClassLock(6));
  }

  @Test
  void everyUuidIsOneOfItsOwn() throws Exception {
    Planted.run(new GilScenario.RandomUuids(4));
    assertThat(Uuids.shared(1_000)).isEqualTo(1_000);
    assertThat(Uuids.own(1_000)).isEqualTo(1_000);
  }

  @Test
  void theGuardedNativeFunctionIsRightUnderEveryModel() throws Exception {
    NativeRandom.require();
    Planted.run(new GilScenario.NativeCode(6));
  }

  @Test
  void oneWrongNumberOfTheNativeFunctionIsFound() throws Exception {
    var trial = new GilScenario.NativeCode(3);
    List<Long> right = trial.sequential();
    var wrong = new ArrayList<>(right);
    wrong.set(1, right.get(1) + 1);
    Planted.isFound(trial, right, wrong);
  }

  @Test
  void theNativeFunctionFollowsItsSeed() {
    // POSIX defines the generator, so these are the numbers of every C library: the first sum is
    // that of a computation in Java.
    long state = (5L << 16) + 0x330E;
    long sum = 0;
    for (int i = 0; i < 60_000; i++) {
      state = (state * 0x5DEECE66DL + 0xB) & ((1L << 48) - 1);
      sum += state >>> 17; // the upper 31 of 48 bits
    }
    assertThat(NativeRandom.unguarded(5)).isEqualTo(sum);
  }
}
