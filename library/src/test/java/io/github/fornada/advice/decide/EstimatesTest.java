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
    return stretch(setting, 1, waits);
  }

  private static Observation stretch(
      Setting setting, double cpuMillis, Map<WaitKind, Double> waits) {
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
        cpuMillis * MILLI,
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

  /** The first item, which loads classes on a thread, ends together with others on virtual ones. */
  @Test
  void processorTimeThatIsLongerThanTheItemsIsNotTheirs() {
    var known = new Estimates(new Series(s -> {}).machine(), 1000);
    var threads = new Setting(ExecutionModel.VIRTUAL_THREADS, 2);
    var sleeps = Map.of(WaitKind.SLEEP, 50 * MILLI);
    for (int k = 0; k < 50; k++) {
      var _ = known.add(stretch(threads, k == 0 ? 137 : Double.NaN, sleeps));
    }
    assertThat(known.alone()).as("51 ms, of which it waits").isCloseTo(51 * MILLI, within(MILLI));
    assertThat(known.waitingShare()).isGreaterThan(0.9);
  }

  @Test
  void whatTheFirstOfManyWaitForWhileTheyLoadClassesIsNotLearned() {
    var known = new Estimates(new Series(s -> {}).machine(), 1000);
    var threads = new Setting(ExecutionModel.PLATFORM_THREADS, 8);
    known.firstAreCold(8);
    for (int k = 0; k < 2; k++) {
      var _ = known.add(stretch(threads, Map.of(WaitKind.NATIVE_LOCK, 50 * MILLI)));
    }
    assertThat(known.done()).isEqualTo(8);
    assertThat(known.nativeLockWait.or(0)).isZero();
    for (int k = 0; k < 2; k++) {
      var _ = known.add(stretch(threads, Map.of(WaitKind.SLEEP, 50 * MILLI)));
    }
    assertThat(known.nativeLockWait.or(0)).isZero();
    assertThat(known.alone()).isCloseTo(51 * MILLI, within(MILLI));
  }
}
