package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Options have the equality and the text of their settings. */
final class OptionsTest {
  @SuppressWarnings("ReferenceEquality") // it is what is tested
  private static void areAllDifferent(List<?> objects) {
    for (Object one : objects) {
      for (Object other : objects) {
        assertThat(one.equals(other)).as(one + " and " + other).isEqualTo(one == other);
      }
    }
  }

  @Test
  void scopeOptions() {
    ScopeOptions plain = ScopeOptions.DEFAULT;
    Duration second = Duration.ofSeconds(1);
    ScopeOptions all =
        plain
            .withName("x")
            .withTimeout(second)
            .withDeadline(Instant.EPOCH)
            .withThreadFactory(Thread::new)
            .withListener(_ -> {});
    areAllDifferent(
        List.of(
            plain,
            all,
            plain.withName("x"),
            plain.withTimeout(second),
            plain.withDeadline(Instant.EPOCH)));
    assertThat(plain.withTimeout(second))
        .isEqualTo(plain.withTimeout(Duration.parse("PT1S")))
        .hasSameHashCodeAs(plain.withTimeout(Duration.parse("PT1S")))
        .hasToString(
            "ScopeOptions[name=scope, timeout=PT1S, deadline=null, threadFactory=null,"
                + " carriers=[], scopedValues=[], listeners=[]]");
    assertThat(all.name()).isEqualTo("x");
    assertThat(all.timeout()).isEqualTo(second);
    assertThat(all.deadline()).isEqualTo(Instant.EPOCH);
    assertThat(all.threadFactory()).isNotNull();
    assertThat(all.listeners()).hasSize(1);
  }

  @Test
  void gatherOptions() {
    GatherOptions plain = GatherOptions.DEFAULT;
    GatherOptions all = plain.unordered().withWindow(5).withTimeout(Duration.ofSeconds(1));
    areAllDifferent(List.of(plain, all, plain.unordered(), plain.withWindow(5)));
    assertThat(all)
        .isEqualTo(plain.withTimeout(Duration.ofSeconds(1)).withWindow(5).unordered())
        .hasSameHashCodeAs(plain.withTimeout(Duration.ofSeconds(1)).withWindow(5).unordered())
        .hasToString("GatherOptions[ordered=false, window=5, timeout=PT1S]");
    assertThat(all.ordered()).isFalse();
    assertThat(all.window()).isEqualTo(5);
    assertThat(all.timeout()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void retry() {
    Retry plain = Retry.times(2);
    Predicate<Exception> when = e -> e instanceof IOException;
    areAllDifferent(
        List.of(
            plain,
            Retry.times(3),
            plain.withJitter(Retry.Jitter.NONE),
            plain.withBackOff(Duration.ZERO, 1, Duration.ZERO),
            plain.on(when),
            plain.withBudget(RetryBudget.ofShare(0.1, 5))));
    assertThat(plain.on(when))
        .isEqualTo(Retry.times(2).on(when))
        .hasSameHashCodeAs(Retry.times(2).on(when));
    assertThat(plain)
        .hasToString(
            "Retry[times=2, firstPause=PT0.1S, factor=2.0, longestPause=PT10S, jitter=FULL]");
  }

  @Test
  void timeout() {
    areAllDifferent(List.of(Timeout.ofSeconds(1), Timeout.ofSeconds(2)));
    assertThat(Timeout.ofSeconds(1))
        .isEqualTo(Timeout.of(Duration.parse("PT1S")))
        .hasSameHashCodeAs(Timeout.ofMillis(1000))
        .hasToString("Timeout[PT1S]");
  }
}
