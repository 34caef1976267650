package io.github.fornada.scenarios.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class HandWrittenTest {
  private static int reciprocal(int n) {
    if (n == 0) {
      throw new StackOverflowError("of the item");
    }
    return 100 / n;
  }

  @Test
  void anErrorOnAThreadIsToldAsWhatItIs() throws Exception {
    assertThat(HandWritten.threads(List.of(1, 2, 4), HandWrittenTest::reciprocal, 2))
        .containsExactly(100, 50, 25);
    assertThatThrownBy(() -> HandWritten.threads(List.of(1, 0, 4), HandWrittenTest::reciprocal, 2))
        .isInstanceOf(IllegalStateException.class)
        .hasCauseInstanceOf(StackOverflowError.class);
  }
}
