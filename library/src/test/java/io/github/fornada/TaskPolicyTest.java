package io.github.fornada;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TaskPolicyTest {
  @Test
  void pausesBeforeRetriesAreBoundedUnlessAskedForOtherwise() {
    assertThat(TaskPolicy.DEFAULT.longestBackOff()).isEqualTo(Duration.ofSeconds(10));
    TaskPolicy shorter = TaskPolicy.DEFAULT.withBackOff(Duration.ofSeconds(1));
    assertThat(shorter.backOff()).isEqualTo(Duration.ofSeconds(1));
    assertThat(shorter.longestBackOff()).isEqualTo(Duration.ofSeconds(10));
    TaskPolicy longer = TaskPolicy.DEFAULT.withBackOff(Duration.ofMinutes(1));
    assertThat(longer.longestBackOff()).isEqualTo(Duration.ofMinutes(1));
    assertThat(longer.withRetries(3).longestBackOff()).isEqualTo(Duration.ofMinutes(1));
    TaskPolicy both = shorter.withBackOff(Duration.ofSeconds(1), Duration.ofMinutes(2));
    assertThat(both.longestBackOff()).isEqualTo(Duration.ofMinutes(2));
    assertThat(both).isNotEqualTo(shorter);
    assertThat(both.toString()).contains("longestBackOff=PT2M");
  }

  @Test
  void theLongestPauseIsAtLeastTheFirst() {
    assertThatThrownBy(
            () -> TaskPolicy.DEFAULT.withBackOff(Duration.ofSeconds(2), Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("longest back-off must be at least the first, PT2S, got PT1S");
    assertThatThrownBy(() -> TaskPolicy.DEFAULT.withBackOff(Duration.ofSeconds(-1)))
        .hasMessageContaining("back-off must not be negative");
  }
}
