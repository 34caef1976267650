package io.github.fornada.advice.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ClosedNetworkTest {
  private static final double NONE = Double.POSITIVE_INFINITY;

  @Test
  void whatOnlyWaitsGrowsWithWhatIsInFlight() {
    ClosedNetwork network = ClosedNetwork.solve(500, 0, 2, 10, 0, 0, NONE);
    assertThat(network.rate(1)).isCloseTo(0.1, within(1e-9));
    assertThat(network.rate(500)).isCloseTo(50, within(1e-6));
  }

  @Test
  void whatComputesEndsAtTheCores() {
    ClosedNetwork network = ClosedNetwork.solve(20, 2, 4, 0, 0, 0, NONE);
    assertThat(network.rate(3)).isCloseTo(1.5, within(1e-9));
    assertThat(network.rate(4)).isCloseTo(2, within(1e-9));
    assertThat(network.rate(20)).isCloseTo(2, within(1e-9));
    assertThat(network.knee(0.97)).isEqualTo(4);
  }

  @Test
  void halfOfACoreIsNotRoundedUp() {
    ClosedNetwork network = ClosedNetwork.solve(8, 2, 1.5, 0, 0, 0, NONE);
    assertThat(network.rate(8)).isCloseTo(0.75, within(1e-9));
  }

  @Test
  void aLockEndsItAtOneOverTheTimeItIsHeld() {
    ClosedNetwork network = ClosedNetwork.solve(30, 1, 64, 0, 4, 4, NONE);
    assertThat(network.rate(30)).isCloseTo(0.25, within(1e-3));
  }

  // The recursion by hand: Q(1) = 1/2 at each station; R(2) = 1.5 at each; X(2) = 2/3.
  @Test
  void twoStationsOfOneServerAreExact() {
    ClosedNetwork network = ClosedNetwork.solve(3, 1, 1, 0, 1, 0, NONE);
    assertThat(network.rate(1)).isCloseTo(1.0 / 2, within(1e-9));
    assertThat(network.rate(2)).isCloseTo(2.0 / 3, within(1e-9));
    assertThat(network.rate(3)).isCloseTo(3.0 / 4, within(1e-9));
    assertThat(network.lockWait(2)).isCloseTo(0.5, within(1e-9));
  }

  // Machine repair: n = 3 items, think time 1, two servers with time 1: from the birth-death chain.
  @Test
  void twoServersAndAWaitAreExact() {
    // States 0 to 3 at the servers; rates up 3, 2, 1; down 1, 2, 2.
    double p0 = 1;
    double p1 = 3 * p0;
    double p2 = p1 * 2 / 2;
    double p3 = p2 / 2;
    double rate = (p1 + 2 * p2 + 2 * p3) / (p0 + p1 + p2 + p3);
    assertThat(ClosedNetwork.solve(3, 1, 2, 1, 0, 0, NONE).rate(3)).isCloseTo(rate, within(1e-9));
  }

  // A half under the lock: between 1.33 (Amdahl's law, which does not apply) and 2.
  @Test
  void twoThreadsWithHalfUnderALockGetAThirdMore() {
    ClosedNetwork network = ClosedNetwork.solve(2, 1, 2, 0, 1, 1, NONE);
    assertThat(network.rate(2) / network.rate(1)).isBetween(1.33, 2.0);
  }

  @Test
  void theOtherSideIsAWall() {
    ClosedNetwork network = ClosedNetwork.solve(100, 0.01, 8, 10, 0, 0, 3);
    assertThat(network.rate(100)).isEqualTo(3);
    assertThat(network.knee(0.97)).isBetween(29, 31);
    assertThat(network.response(60)).isCloseTo(20, within(1e-6));
  }

  @Test
  void moreInFlightNeverGiveLess() {
    for (int cores : new int[] {2, 3, 8, 16, 64}) {
      ClosedNetwork network = ClosedNetwork.solve(30 * cores, 0.95, cores, 10, 0, 0, NONE);
      for (int n = 2; n <= 30 * cores; n++) {
        assertThat(network.rate(n)).isGreaterThanOrEqualTo(network.rate(n - 1));
      }
      assertThat(network.rate(30 * cores)).isGreaterThan(0.97 * cores / 0.95);
    }
  }
}
