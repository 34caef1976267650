package io.github.fornada.process.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes that the JVM's options take, and those that no long can hold. */
class MemorySizesTest {
  @Test
  void sizesAreInBytes() {
    assertThat(MemorySizes.parse("heap", "512m")).isEqualTo(512L << 20);
    assertThat(MemorySizes.parse("heap", "8589934591g")).isEqualTo(8_589_934_591L << 30);
  }

  @ParameterizedTest
  @ValueSource(strings = {"8589934592g", "9999999999g"})
  void aSizeThatWouldWrapIsRefused(String size) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MemorySizes.parse("heap", size))
        .withMessage("heap must be at most 8589934591g, got \"" + size + "\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "512", "2047k", "1m"})
  void aWorkerNeedsTwoMegabytesAtLeast(String size) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MemorySizes.ofWorker("heap", size))
        .withMessage("heap must be at least 2m, got \"" + size + "\"");
  }
}
