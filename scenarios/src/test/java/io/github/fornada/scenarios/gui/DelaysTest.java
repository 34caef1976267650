package io.github.fornada.scenarios.gui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fornada.scenarios.harness.MissingException;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Size;
import java.awt.GraphicsEnvironment;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is told of the delays of a window. */
final class DelaysTest {
  private static Delays everyFiveMillis(int events, double... late) {
    double[] due = IntStream.range(0, events).mapToDouble(k -> 5 * k).toArray();
    double[] all = IntStream.range(0, events).mapToDouble(k -> late[k % late.length]).toArray();
    return new Delays(due, all);
  }

  @Test
  void aQuantileIsExceededByNoMoreThanTheRest() {
    double[] late = IntStream.rangeClosed(1, 100).mapToDouble(k -> k).toArray();
    Delays delays = everyFiveMillis(100, late);
    assertThat(delays.quantile(0.5)).isEqualTo(51);
    assertThat(delays.quantile(0.99)).isEqualTo(100);
    assertThat(delays.longest()).isEqualTo(100);
    assertThat(new Delays(new double[0], new double[0]).longest()).isZero();
  }

  @Test
  void aStripShowsWhenTheWindowDidNotAnswer() {
    assertThat(everyFiveMillis(20, 1).strip(100, 10)).isEqualTo("..........");
    // Due at 20 ms, and handled at 80 ms: late all that time.
    var frozen = new Delays(new double[] {0, 20, 90}, new double[] {1, 60, 1});
    assertThat(frozen.strip(100, 10)).isEqualTo(". +++++++.");
  }

  @Test
  void withoutADisplayItSaysWhatToInstall() throws Exception {
    assumeTrue(GraphicsEnvironment.isHeadless(), "there is a display");
    try (var setup = new Setup(Size.SMALL)) {
      assertThatThrownBy(() -> new ResponsiveScenario().prepare(setup))
          .isInstanceOf(MissingException.class)
          .hasMessageContaining("apt-get install xvfb");
    }
  }

  @Test
  void theWorkIsTheSameWhereverItIsDone() {
    assertThat(ResponsiveScenario.compute(3))
        .isEqualTo(ResponsiveScenario.compute(3))
        .isNotEqualTo(ResponsiveScenario.compute(4));
  }
}
