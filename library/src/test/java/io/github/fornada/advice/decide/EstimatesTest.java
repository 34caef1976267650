package io.github.fornada.advice.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.fornada.ExecutionModel;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EstimatesTest {
  private static final double MILLI = 1e6;

  private static Observation stretch(Setting setting, Map<WaitKind, Double> waits) {
    double none = Double.NaN;
    return new Observation(
        setting,
        true,
        100 * MILLI,
        4,
        4,
        0,
        0,
        2,
        51 * MILLI,
        none,
        1 * MILLI,
        0,
        0,
        0,
        waits,
        List.of(),
        none,
        none,
        0.1,
        1.9, // of two processors
        0,
        0,
        0,
        0,
        100);
  }

  /** Nobody sees there what an item does that does not compute: it need not have queued. */
  @Test
  void whatWaitedOnThreadsWaitsInWorkerProcessesTooThoughOthersTakeAllProcessors() {
    var machine =
        new Series(
                s -> {
                  s.cores = 2;
                  s.usable = 2;
                })
            .machine();
    var known = new Estimates(machine, 1000);
    for (int k = 0; k < 5; k++) {
      var _ =
          known.add(
              stretch(
                  new Setting(ExecutionModel.VIRTUAL_THREADS, 2),
                  Map.of(WaitKind.SLEEP, 50 * MILLI)));
    }
    assertThat(known.alone()).isCloseTo(51 * MILLI, within(2 * MILLI));
    for (int k = 0; k < 50; k++) {
      var _ = known.add(stretch(new Setting(ExecutionModel.PROCESSES, 2), Map.of()));
    }
    assertThat(known.alone()).isCloseTo(51 * MILLI, within(2 * MILLI));
  }
}
