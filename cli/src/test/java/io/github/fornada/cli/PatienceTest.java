package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.ExecutionModel;
import org.junit.jupiter.api.Test;

class PatienceTest {
  private final Patience patience = new Patience();

  @Test
  void aRunMayTakeTenTimesAsLongAsTheBestAndFiveSecondsInAnyCase() {
    assertThat(patience.seconds()).isInfinite();
    patience.take(ExecutionModel.VIRTUAL_THREADS, 2, 200, 0);
    patience.take(ExecutionModel.PLATFORM_THREADS, 3, 200, 10);
    assertThat(patience.seconds()).isEqualTo(20);
    patience.take(ExecutionModel.VIRTUAL_THREADS, 0.1, 200, 10);
    assertThat(patience.seconds()).isEqualTo(5);
  }

  @Test
  void aModelThatIsFastBecauseItsItemsFailCutsNoOtherOff() {
    patience.take(ExecutionModel.VIRTUAL_THREADS, 1, 60, 50);
    patience.take(ExecutionModel.VIRTUAL_THREADS, 1, 60, 50);
    assertThat(patience.seconds()).isInfinite();
    patience.take(ExecutionModel.PLATFORM_THREADS, 15, 60, 0);
    assertThat(patience.seconds()).isEqualTo(150);
  }

  @Test
  void whereAsManyItemsFailUnderAnotherModelTheFastestCounts() {
    patience.take(ExecutionModel.VIRTUAL_THREADS, 1, 200, 60);
    patience.take(ExecutionModel.PLATFORM_THREADS, 100, 200, 61);
    assertThat(patience.seconds()).isEqualTo(10);
  }
}
