package io.github.fornada.scenarios.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class IntervalTest {
  @Test
  void theIntervalHoldsTheMedianAndStaysWithinTheMeasurements() {
    Interval interval = Interval.of(new double[] {5, 1, 4, 2, 3}, 7);
    assertThat(interval.median()).isEqualTo(3);
    assertThat(interval.low()).isBetween(1.0, 3.0);
    assertThat(interval.high()).isBetween(3.0, 5.0);
    assertThat(interval.count()).isEqualTo(5);
  }

  @Test
  void theSameSeedGivesTheSameInterval() {
    double[] values = {5, 1, 4, 2, 3, 8, 9};
    assertThat(Interval.of(values, 42)).isEqualTo(Interval.of(values, 42));
  }

  @Test
  void nineOfTenIntervalsHoldTheTrueMedian() {
    var random = new Random(1);
    int held = 0;
    int trials = 400;
    for (int t = 0; t < trials; t++) {
      var values = new double[15];
      for (int i = 0; i < values.length; i++) {
        values[i] = 100 + random.nextGaussian();
      }
      Interval interval = Interval.of(values, t);
      if (interval.low() <= 100 && 100 <= interval.high()) {
        held++;
      }
    }
    // 360 are expected; the standard deviation is 6.
    assertThat(held).isBetween(330, 395);
  }

  @Test
  void oneMeasurementMakesNoIntervalAndFewMakeASmallerPromise() {
    assertThat(Interval.coverage(1)).isZero();
    assertThat(Interval.coverage(3)).isEqualTo(75);
    assertThat(Interval.coverage(5)).isEqualTo(90);
  }

  @Test
  void intervalsThatTouchOverlap() {
    var first = new Interval(1, 2, 3, 5);
    assertThat(first.overlaps(new Interval(3, 4, 5, 5))).isTrue();
    assertThat(first.overlaps(new Interval(3.1, 4, 5, 5))).isFalse();
  }

  @Test
  void timesHaveTheUnitThatFits() {
    assertThat(new Interval(0.0121, 0.0125, 0.0129, 5).text()).isEqualTo("12.1-12.9 ms");
    assertThat(new Interval(1.5, 1.5, 1.5, 5).text()).isEqualTo("1.50 s");
    assertThat(Interval.time(25e-6)).isEqualTo("25.0 µs");
  }
}
