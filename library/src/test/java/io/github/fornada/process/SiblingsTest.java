package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.WorkerLostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers that kill whatever else this JVM has started: not to be run beside other tests. */
@Timeout(value = 400, threadMode = ThreadMode.SEPARATE_THREAD)
class SiblingsTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 13})
  void workersKillingEachOtherLoseOnlyWhatRan(int workers) throws Exception {
    Pool pool = Pools.open(workers);
    try {
      TaskFunction<Integer, Integer> killSiblings =
          x -> {
            long self = ProcessHandle.current().pid();
            ProcessHandle.current()
                .parent()
                .orElseThrow()
                .children()
                .filter(p -> p.pid() != self)
                .forEach(ProcessHandle::destroyForcibly);
            return x;
          };
      List<CompletableFuture<Integer>> futures = new ArrayList<>();
      for (int i = 0; i < 2 * workers; i++) {
        futures.add(pool.submit(i, killSiblings));
      }
      for (int i = 0; i < futures.size(); i++) {
        try {
          assertThat(futures.get(i).get(300, TimeUnit.SECONDS)).isEqualTo(i);
        } catch (ExecutionException e) {
          assertThat(e).hasCauseInstanceOf(WorkerLostException.class);
        }
      }
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
    Leftovers.assertNone(Pools.pid());
  }
}
