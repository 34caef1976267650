package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.pipeline.WorkerCpu.Worker;
import java.util.List;
import org.junit.jupiter.api.Test;

final class WorkerCpuTest {
  private final WorkerCpu cpu = new WorkerCpu();

  private long look(Worker worker, long used) {
    return cpu.look(List.of(worker), pid -> used);
  }

  @Test
  void theFirstStartIsNoWork() {
    assertThat(look(new Worker(7, 1, 0), 300)).isZero();
    assertThat(look(new Worker(7, 1, 0), 500)).isZero();
    assertThat(look(new Worker(7, 1, 9), 800)).isEqualTo(300);
  }

  @Test
  void workersThatHaveGoneCountWithTheirStartsAlsoThoseThatWereNeverSeen() {
    assertThat(look(new Worker(7, 1, 0), 500)).isZero();
    assertThat(look(new Worker(7, 1, 5), 600)).isEqualTo(100);
    assertThat(look(new Worker(8, 2, 5), 500)).isEqualTo(100 + 500);
    assertThat(look(new Worker(0, 2, 9), 0)).as("it has gone").isEqualTo(100 + 500);
    // Two more have come and gone between two looks: each counts as the two that were seen.
    assertThat(look(new Worker(11, 5, 30), 40)).isEqualTo(4 * 300 + 40);
  }
}
