package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.fornada.DeathCertificate;
import io.github.fornada.LeftOut;
import io.github.fornada.Pool;
import io.github.fornada.WorkerLostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A task that fills the heap slowly, and makes garbage while it does. */
@LeftOut
@EnabledOnOs(OS.LINUX)
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class FullHeapTest {
  @Test
  void aWorkerThatOnlyCollectsAFullHeapIsEnded() throws Exception {
    try (Pool pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"))) {
      Throwable thrown = catchThrowable(() -> pool.submit(16, FullHeapTest::leak).get());
      assertThat(thrown).isInstanceOf(ExecutionException.class);
      // With an OutOfMemoryError in time, a worker need not be ended.
      if (thrown.getCause() instanceof WorkerLostException lost) {
        DeathCertificate death = lost.certificate();
        assertThat(death.outOfMemory()).isTrue();
        assertThat(lost).hasMessageContaining("had a full heap").hasMessageContaining("withHeap");
      } else {
        assertThat(thrown).hasCauseInstanceOf(OutOfMemoryError.class);
      }
      assertThat(pool.submit(2, x -> x + 1).get()).isEqualTo(3);
    }
  }

  @Test
  void aWorkerWhoseHeapIsFullAndThatWorksGoesOn() throws Exception {
    try (Pool pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"))) {
      assertThat(pool.submit(6, FullHeapTest::workBesideAFullHeap).get()).isPositive();
    }
  }

  private static int leak(int size) {
    List<Object> kept = new ArrayList<>();
    while (true) {
      kept.add(new byte[size]);
      var garbage = new StringBuilder();
      for (int i = 0; i < 20; i++) {
        garbage.append(i);
      }
      if (garbage.isEmpty()) {
        return kept.size();
      }
    }
  }

  private static int workBesideAFullHeap(int seconds) {
    List<Object> kept = new ArrayList<>();
    Runtime runtime = Runtime.getRuntime();
    while (runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory()
        > runtime.maxMemory() / 25) {
      kept.add(new byte[10_000]);
    }
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    int done = 0;
    while (end - System.nanoTime() > 0) {
      done = Math.max(1, done + Integer.bitCount(done));
    }
    return kept.isEmpty() ? 0 : done;
  }
}
