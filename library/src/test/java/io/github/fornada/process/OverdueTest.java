package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;

/** Items that cannot be stopped in time are over their timeout nevertheless. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class OverdueTest {
  private static final Duration LIMIT = Duration.ofMillis(500);

  /** A loop without a safepoint poll, once it is compiled. */
  static long count(int seconds) {
    long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    long sum = 0;
    while (System.nanoTime() < end) {
      sum += round(1_000);
      sum += round(2_000_000_000);
    }
    return sum;
  }

  private static long round(int n) {
    long sum = 0;
    for (int i = 0; i < n; i++) {
      sum += i ^ (sum >> 3);
    }
    return sum;
  }

  private static List<Outcome<Long>> run(Duration limit, String... jvmOptions) throws Exception {
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withPolicy(o.policy().withTimeout(limit).withGrace(Duration.ofMillis(100)))
                    .withInitializer(Pools::loadWhatItemsNeed)
                    .withLaunch(l -> l.withJvmOptions(jvmOptions)));
    try {
      return pool.outcomes(List.of(20, 20), OverdueTest::count).toList();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aLoopThatCountsIsStoppedAndItsStackIsKnown() throws Exception {
    // It may not have begun, and a stack that a busy machine does not give in time is left out.
    Waiting.inOneOfFewRuns(
        LIMIT,
        limit ->
            assertThat(run(limit))
                .hasSize(2)
                .allSatisfy(outcome -> {
                  assertThat(outcome).isInstanceOf(Outcome.TimedOut.class);
                  assertThat(((Outcome.TimedOut<Long>) outcome).stack().toString())
                      .contains("count");
                }));
  }

  @Test
  void aLoopThatNobodyCanLookIntoIsOverItsTimeoutAllTheSame() throws Exception {
    assertThat(run(LIMIT, "-XX:-UseCountedLoopSafepoints", "-XX:LoopStripMiningIter=0"))
        .hasSize(2)
        .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.TimedOut.class));
  }
}
