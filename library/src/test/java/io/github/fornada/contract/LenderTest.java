package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.threads.ThreadPool;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A case that harms a pool that others use after it must be seen, or the suite means nothing. */
class LenderTest {
  private final List<Pool> opened = new ArrayList<>();

  private Pool open(int workers) {
    Pool pool = ThreadPool.open(o -> o.withWorkers(workers));
    opened.add(pool);
    return pool;
  }

  @Test
  void aPoolThatWasGivenBackIsLentAgain() throws Exception {
    try (var lender = new Lender(this::open)) {
      for (int i = 0; i < 3; i++) {
        try (Pool pool = lender.lend(2)) {
          assertThat(pool.map(List.of(1, 2), Work::increment)).containsExactly(2, 3);
        }
      }
      assertThat(opened).hasSize(1);
    }
    assertThat(opened.getFirst().isTerminated()).isTrue();
  }

  @Test
  void aPoolGivenBackWithATaskInItIsReportedAndNotLentAgain(@TempDir Path folder) throws Exception {
    var marks = new Marks(folder.toString());
    try (var lender = new Lender(this::open, Duration.ofMillis(100))) {
      Pool first = lender.lend(2);
      CompletableFuture<String> forgotten = PoolUnderTest.occupy(first, marks);
      assertThatThrownBy(first::close)
          .isInstanceOf(AssertionError.class)
          .hasMessage("the case did not leave every worker free");
      assertThat(forgotten).isDone();
      lender.lend(2);
      assertThat(opened).hasSize(2);
      opened.getLast().close();
    }
    PoolUnderTest.awaitTermination(opened.getFirst());
  }
}
