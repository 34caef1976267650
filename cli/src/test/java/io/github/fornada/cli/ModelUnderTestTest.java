package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ModelUnderTestTest {
  private static ModelUnderTest.Pass pass(double seconds, boolean complete) {
    return new ModelUnderTest.Pass(seconds, 1, 1, 1, 1, 8, 8, 0, complete, null);
  }

  @Test
  void aPassThatWasCutOffIsNoPartOfTheSpread() {
    assertThat(ModelUnderTest.spread(List.of(pass(2, true), pass(3, true)))).isEqualTo(0.5);
    assertThat(ModelUnderTest.spread(List.of(pass(2, true), pass(3, true), pass(20, false))))
        .isEqualTo(0.5);
    assertThat(ModelUnderTest.spread(List.of(pass(2, true), pass(20, false)))).isNaN();
  }
}
