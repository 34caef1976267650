package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StageFiguresTest {
  private static final long MILLI = 1_000_000;

  @Test
  void theFirstItemsOfAWorkerAreNotInItsTimes() {
    var figures = new StageFigures();
    for (String worker : List.of("w-1", "w-2")) {
      figures.ran(1, 500 * MILLI, worker); // loads classes
      for (int k = 1; k < 100; k++) {
        figures.ran(1, (k < 30 ? 50 : 10) * MILLI, worker); // not compiled yet
      }
    }
    var reading = figures.reading(2, 0);
    assertThat(reading.meanNanos()).isCloseTo(10.0 * MILLI, within(0.1));
    assertThat(reading.measured()).isBetween(100L, 150L);
    assertThat(reading.workers()).extracting(WorkerSummary::name).containsExactly("w-1", "w-2");
    assertThat(reading.workers().getFirst().items()).isEqualTo(100);
    assertThat(reading.workers().getFirst().meanTime()).isEqualTo(Duration.ofMillis(10));
  }

  @Test
  void whereThereAreFirstItemsOnlyTheyCountAndTheReadingSaysSo() {
    var figures = new StageFigures();
    assertThat(figures.reading(2, 0).meanNanos()).isZero();
    figures.ran(1, 500 * MILLI, "w-1");
    var reading = figures.reading(2, 1);
    assertThat(reading.meanNanos()).isEqualTo(500.0 * MILLI);
    assertThat(reading.measured()).isZero();
    figures.ran(1, 10 * MILLI, "w-1");
    assertThat(figures.reading(2, 1).meanNanos()).isEqualTo(10.0 * MILLI);
    assertThat(figures.reading(2, 1).measured()).isEqualTo(1);
  }

  @Test
  void aWorkerThatComesUpLateIsNotIdleMeanwhileButOneWithoutItemsIs() {
    var worker = new WorkerFigures("w", 0);
    long now = 0;
    for (int k = 0; k < 16; k++) {
      now += 10 * MILLI;
      worker.ran(1, 10 * MILLI, now);
    }
    // All of its time it was busy, whenever that began.
    WorkerFigures.Window window = worker.window(now);
    assertThat(window.busyNanos()).isEqualTo(window.nanos());
    // An item that runs now is no idle time; what is beyond that is.
    assertThat(worker.window(now + 10 * MILLI).nanos()).isEqualTo(window.nanos());
    assertThat(worker.window(now + 90 * MILLI).nanos()).isEqualTo(window.nanos() + 80 * MILLI);
  }

  @Test
  void timesThatDifferMuchMakeTheMeanUnsure() {
    var same = new StageFigures();
    var other = new StageFigures();
    for (int k = 0; k < 64; k++) {
      same.ran(1, 10 * MILLI, "w");
      other.ran(1, (k % 8 == 0 ? 80 : 1) * MILLI, "w");
    }
    assertThat(same.reading(1, 0).error()).isCloseTo(0, within(0.001));
    assertThat(other.reading(1, 0).error()).isGreaterThan(0.2);
  }

  @Test
  void whoIsIdleAfterTheLastInputDoesNotWaitForMore() {
    var figures = new StageFigures();
    figures.becomes(StageFigures.Idle.NO); // the first item came
    figures.becomes(StageFigures.Idle.FOR_INPUT);
    pass(2 * MILLI);
    figures.inputEnds();
    assertThat(figures.idleParts().atEnd()).isZero();
    pass(20 * MILLI);
    figures.ran(1, MILLI, "w"); // until now one worker ran the last item
    var parts = figures.idleParts();
    assertThat(parts.atEnd()).isStrictlyBetween(0.0, 1.0);
    assertThat(parts.forRoom()).isZero();
    pass(20 * MILLI);
    assertThat(figures.idleParts()).as("the stage has nothing more to do").isEqualTo(parts);
  }

  private static void pass(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void afterAChangeOfSizesTheFiguresBeginAnew() {
    var figures = new StageFigures();
    for (int k = 0; k < 64; k++) {
      figures.ran(1, 10 * MILLI, "w");
    }
    figures.beginAnew();
    assertThat(figures.timed()).isZero();
    assertThat(figures.reading(1, 0).measured()).isZero();
    figures.ran(1, MILLI, "w");
    figures.ran(1, 2 * MILLI, "w");
    assertThat(figures.reading(1, 0).meanNanos()).isEqualTo(2.0 * MILLI);
  }

  @Test
  void toReplaceAWorkerIsNoIdleTimeAndBelongsToWhatAnItemTakes() {
    var worker = new WorkerFigures("w", 0);
    long now = 0;
    for (int k = 0; k < 64; k++) {
      if (k % 4 == 0 && k > 0) {
        now += 60 * MILLI;
        worker.restarted(60 * MILLI);
      }
      now += 10 * MILLI;
      worker.ran(1, 10 * MILLI, now);
    }
    WorkerFigures.Window window = worker.window(now);
    assertThat(window.busyNanos() + window.restartNanos()).isEqualTo(window.nanos());
    assertThat(window.restartNanos()).isEqualTo(window.restarts() * 60L * MILLI);
    assertThat(window.restarts()).isBetween(8, 12);
  }

  @Test
  void theFirstStartOfAWorkerIsNoRestart() {
    var figures = new StageFigures();
    figures.restarted("w", 0, 50 * MILLI); // it ran items of another call before
    figures.ran(1, MILLI, "w");
    assertThat(figures.restarts()).isZero();
    long now = System.nanoTime();
    figures.restarted("w", now - 50 * MILLI, now);
    figures.ran(1, MILLI, "w");
    assertThat(figures.restarts()).isOne();
    assertThat(figures.reading(1, 0).restarts().nanosPerItem()).isEqualTo(50.0 * MILLI);
    figures.beginAnew();
    assertThat(figures.restarts()).isZero();
  }
}
