package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Which of a worker's items its figures are of. */
class WorkerFiguresTest {
  private static final long MILLI = 1_000_000;

  private long now;

  private void run(WorkerFigures figures, long millis) {
    now += millis * MILLI;
    figures.ran(1, millis * MILLI, now);
  }

  @Test
  void theFirstItemsOfAShortRunAreLeftOut() {
    var figures = new WorkerFigures("worker", now);
    run(figures, 500); // loads its classes
    for (int i = 0; i < 99; i++) {
      run(figures, 2);
    }
    WorkerFigures.Window window = figures.window(now);
    assertThat(window.isWarm()).isTrue();
    assertThat(window.busyNanos()).isEqualTo(window.items() * 2 * MILLI);
    assertThat(window.items()).isBetween(50L, 99L);
  }

  @Test
  void aSlowItemInTheMiddleIsSeenWhereverItStands() {
    for (int slow : new int[] {200, 250, 400, 900, 1_900}) {
      now = 0;
      var figures = new WorkerFigures("worker", now);
      for (int i = 0; i < 2_000; i++) {
        run(figures, i == slow ? 3_000 : 2);
      }
      assertThat(figures.window(now).busyNanos()).as("item %d", slow).isGreaterThan(3_000 * MILLI);
    }
  }

  @Test
  void aFirstItemThatTakesLongIsLeftOutAllTheSame() {
    var figures = new WorkerFigures("worker", now);
    run(figures, 10_000);
    for (int i = 0; i < 20; i++) {
      run(figures, 100);
    }
    assertThat(figures.window(now).busyNanos() / figures.window(now).items())
        .isEqualTo(100 * MILLI);
  }
}
