package io.github.fornada.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Code that took too long is not called for a while, and is then given another chance. */
@Timeout(240)
class SlowClassesTest {
  @Test
  void aClassStaysLongerEachTime() {
    var slow = new SlowClasses(Duration.ofMillis(1));
    assertThat(slow.contains(String.class)).isFalse();
    long began = System.nanoTime();
    for (int times = 0; times < 10; times++) {
      began = System.nanoTime();
      slow.add(String.class);
      while (slow.contains(String.class)) {
        Thread.onSpinWait();
      }
    }
    assertThat(System.nanoTime() - began).isGreaterThan(Duration.ofMillis(511).toNanos());
    assertThat(slow.contains(Integer.class)).isFalse();
  }
}
