package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskUsage;
import org.junit.jupiter.api.Test;

/** What tasks do after the end of a run is not part of its figures. */
class TaskClockTest {
  private final TaskClock clock = new TaskClock();

  private void finished(long started, long ended, long cpu) {
    clock.onEvent(
        TaskEvent.Finished.of(
            1,
            0,
            "a",
            1,
            true,
            new Outcome.Done<>("a"),
            TaskUsage.of("w", started, ended, cpu, 0),
            ended));
  }

  @Test
  void onlyTheTimeBeforeTheEndCounts() {
    long zero = Long.MAX_VALUE - 50; // values of nanoTime may wrap around
    finished(zero, zero + 40, 20);
    clock.end(zero + 100);
    finished(zero + 10, zero + 70, 30); // told late
    finished(zero + 50, zero + 250, 100); // a quarter of it before the end
    finished(zero + 120, zero + 140, 20);
    assertThat(clock.busyNanos()).isEqualTo(40 + 60 + 50);
    assertThat(clock.cpuNanos()).isEqualTo(20 + 30 + 25);
    assertThat(clock.done()).isEqualTo(4);
  }
}
