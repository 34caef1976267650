package io.github.fornada.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DurationsTest {
  private static final Duration LONGEST = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);
  private static final Duration SHORTEST = Duration.ofSeconds(Long.MIN_VALUE);

  @Test
  void durationsAreSaidInTheirOwnUnits() {
    assertThat(Durations.inWords(Duration.ofNanos(500))).isEqualTo("500 ns");
    assertThat(Durations.inWords(Duration.ofNanos(1_500))).isEqualTo("1 us");
    assertThat(Durations.inWords(Duration.ofMillis(250))).isEqualTo("250 ms");
    assertThat(Durations.inWords(Duration.ofMillis(1_250))).isEqualTo("1250 ms");
    assertThat(Durations.inWords(Duration.ofSeconds(5))).isEqualTo("5 s");
    assertThat(Durations.inWords(Duration.ofMillis(15_250))).isEqualTo("15 s");
    assertThat(Durations.inWords(Duration.ofSeconds(125))).isEqualTo("2 min 5 s");
    assertThat(Durations.inWords(LONGEST)).startsWith("153722867280912930 min");
  }

  @Test
  void noDurationIsTooLongForTheTimer() throws Exception {
    Future<?> never = Timer.after(LONGEST, () -> {});
    assertThat(never.isDone()).isFalse();
    assertThat(never.cancel(false)).isTrue();
    var ran = new CountDownLatch(1);
    var _ = Timer.after(SHORTEST, ran::countDown);
    assertThat(ran.await(60, TimeUnit.SECONDS)).isTrue();
  }
}
