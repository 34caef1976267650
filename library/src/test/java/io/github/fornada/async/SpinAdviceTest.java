package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Threads spin before they park, as long as it pays. */
final class SpinAdviceTest {
  private static final int MANY = 10_000;

  private final SpinAdvice advice = new SpinAdvice();

  /** Returns the number of spins in {@code waits} waits, if {@code paying} in four would pay. */
  private int looks(int waits, int paying) {
    int looks = 0;
    for (int i = 0; i < waits; i++) {
      if (advice.shouldSpin()) {
        looks++;
        advice.record(i % 4 < paying);
      }
    }
    return looks;
  }

  @Test
  void threadsLookAsLongAsItPays() {
    assertThat(looks(MANY, 4)).isEqualTo(MANY);
    assertThat(looks(MANY, 3)).isEqualTo(MANY);
  }

  @Test
  void threadsThatLookedInVainParkAtOnce() {
    assertThat(looks(MANY, 0)).isBetween(MANY / SpinAdvice.REST, MANY / SpinAdvice.REST + 10);
  }

  @Test
  void theyLookAgainWhenItPaysAgain() {
    assertThat(looks(MANY, 0)).isLessThan(MANY / 10);
    assertThat(looks(MANY, 4)).isGreaterThan(MANY - 2 * SpinAdvice.REST);
  }

  @Test
  void looksThatPayNowAndThenAreNotWorthIt() {
    assertThat(looks(MANY, 1)).isLessThan(MANY / 10);
  }
}
