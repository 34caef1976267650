package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StageHistoryTest {
  private static final long MILLI = 1_000_000;
  private static final long START = 17 * MILLI;

  @Test
  void workIsInTheSlicesInWhichItWasDone() {
    var history = new StageHistory();
    history.begins(START, 2);
    history.ran(1, START + 25 * MILLI, START + 125 * MILLI); // one worker of two
    history.idle(StageFigures.Idle.FOR_ROOM, START + 50 * MILLI, START + 75 * MILLI);
    history.idle(StageFigures.Idle.FOR_INPUT, START + 75 * MILLI, START + 100 * MILLI);
    history.look(START + 60 * MILLI, 7, 2);
    List<StageMoment> moments = history.moments(START + 150 * MILLI);
    assertThat(moments).hasSize(3);
    assertThat(moments).extracting(StageMoment::busy).containsExactly(0.25, 0.5, 0.25);
    assertThat(moments.get(1).waitsForRoom()).isCloseTo(0.25, within(0.001));
    assertThat(moments.get(1).waitsForInput()).isCloseTo(0.25, within(0.001));
    assertThat(moments).extracting(StageMoment::items).containsExactly(0L, 0L, 1L);
    assertThat(moments).extracting(StageMoment::queued).contains(7);
    assertThat(moments.get(2).to()).isEqualTo(Duration.ofMillis(150));
  }

  @Test
  void aLongRunHasLongerSlicesAndNotMore() {
    var history = new StageHistory();
    history.begins(START, 1);
    long now = START;
    for (int k = 0; k < 100_000; k++) {
      history.ran(1, now, now + 5 * MILLI); // busy for half of the time
      now += 10 * MILLI;
    }
    List<StageMoment> moments = history.moments(now);
    assertThat(moments).hasSizeBetween(100, 240);
    assertThat(moments).allMatch(moment -> Math.abs(moment.busy() - 0.5) < 0.02);
    assertThat(moments.stream().mapToLong(StageMoment::items).sum()).isEqualTo(100_000);
    assertThat(moments.getLast().to()).isEqualTo(Duration.ofNanos(now - START));
  }

  @Test
  void aWorkerThatIsReplacedWaitsForNothingMeanwhile() {
    var history = new StageHistory();
    history.begins(START, 1);
    history.ran(1, START, START + 10 * MILLI);
    history.idle(StageFigures.Idle.FOR_ROOM, START + 10 * MILLI, START + 15 * MILLI);
    history.restarted(START + 20 * MILLI, START + 90 * MILLI);
    history.ran(1, START + 90 * MILLI, START + 100 * MILLI);
    List<StageMoment> moments = history.moments(START + 100 * MILLI);
    assertThat(moments.get(0).restarting()).isCloseTo(0.6, within(0.001));
    assertThat(moments.get(0).waitsForRoom()).isCloseTo(0.2, within(0.001));
    assertThat(moments.get(1).restarting()).isCloseTo(0.8, within(0.001));
    assertThat(moments.get(1).waitsForInput()).isCloseTo(0, within(0.001));
  }
}
