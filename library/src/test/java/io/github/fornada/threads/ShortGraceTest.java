package io.github.fornada.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.SideBySide;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@SideBySide
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShortGraceTest {
  private static final List<Integer> MANY = IntStream.range(0, 60).boxed().toList();

  private static int ignoresInterrupts(CountDownLatch end, int item) {
    while (true) {
      try {
        end.await();
        return item;
      } catch (InterruptedException e) {
        // and waits on
      }
    }
  }

  /** The grace may be over before the interrupt was sent. */
  @Test
  void anItemThatIgnoresItsInterruptIsLeftBehindHoweverShortTheGraceIs() {
    var end = new CountDownLatch(1);
    try (var pool =
        ThreadPool.open(o ->
            o.withWorkers(2)
                .withPolicy(
                    o.policy().withTimeout(Duration.ofMillis(2)).withGrace(Duration.ofNanos(1))))) {
      assertThat(pool.outcomes(MANY, x -> ignoresInterrupts(end, x)))
          .hasSize(MANY.size())
          .allMatch(outcome -> outcome instanceof Outcome.TimedOut);
    } finally {
      end.countDown();
    }
  }
}
