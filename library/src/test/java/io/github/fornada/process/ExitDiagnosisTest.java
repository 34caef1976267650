package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import org.junit.jupiter.api.Test;

/** How a message says what has happened to an item. */
@SideBySide
class ExitDiagnosisTest {
  @Test
  void aNumberOfRetriesIsSaidAsPeopleDo() {
    assertThat(ExitDiagnosis.retried(0)).isEqualTo("; it was not retried");
    assertThat(ExitDiagnosis.retried(1)).isEqualTo("; it was retried once");
    assertThat(ExitDiagnosis.retried(2)).isEqualTo("; it was retried 2 times");
  }
}
