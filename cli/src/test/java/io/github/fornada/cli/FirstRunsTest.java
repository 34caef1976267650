package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskUsage;
import java.util.List;
import org.junit.jupiter.api.Test;

class FirstRunsTest {
  private static final Outcome<String> DONE = new Outcome.Done<>("");
  private static final Outcome<String> FAILED = new Outcome.Failed<>(new IllegalStateException());
  private static final List<ExecutionModel> MODELS =
      List.of(ExecutionModel.SEQUENTIAL, ExecutionModel.VIRTUAL_THREADS);

  private final FirstRuns runs = new FirstRuns();

  private static void end(
      TaskListener listener, long index, Outcome<?> outcome, double millis, double cpuMillis) {
    long nanos = Math.round(millis * 1e6);
    long cpu = cpuMillis < 0 ? TaskUsage.UNKNOWN : Math.round(cpuMillis * 1e6);
    listener.onEvent(
        TaskEvent.Finished.of(
            index, index, "", 1, true, outcome, TaskUsage.of("w", 0, nanos, cpu, 0), nanos));
  }

  /** Runs items first, each of which takes so long. */
  private void first(double cpuPart, double... millis) {
    for (int i = 0; i < millis.length; i++) {
      end(runs, i, DONE, millis[i], cpuPart * millis[i]);
    }
  }

  private void again(ExecutionModel model, Outcome<?> outcome, double... millis) {
    TaskListener listener = runs.again(model, MODELS);
    for (int i = 0; i < millis.length; i++) {
      end(listener, i, outcome, millis[i], -1);
    }
  }

  private void again(double... millis) {
    again(ExecutionModel.SEQUENTIAL, DONE, millis);
  }

  @Test
  void aTaskThatKeepsWhatItHasDoneIsToldOf() {
    first(0.01, 130, 100, 100, 100);
    // There each waits for the others.
    again(ExecutionModel.VIRTUAL_THREADS, DONE, 90, 90, 90, 90);
    again(0.1, 0.1, 0.1, 0.1);
    again(0.1, 0.2, 0.1, 0.1);
    FirstRuns.Finding finding = runs.finding().orElseThrow();
    assertThat(finding.sentence())
        .startsWith(
            "An item took 0.100 s when it ran first and 100 us afterwards: this task seems to keep"
                + " what it has done");
    assertThat(finding.figures())
        .containsEntry("items", 4)
        .containsEntry("firstSeconds", 0.1)
        .containsEntry("againSeconds", 0.0001);
  }

  @Test
  void aCacheOfWhatIsComputedIsToldOf() {
    first(0.98, 60, 50, 50);
    again(0.001, 0.001, 0.001);
    assertThat(runs.finding()).isPresent();
  }

  @Test
  void whatHappensOnceIsNoCache() {
    first(0.1, 600, 1, 1, 1);
    again(1, 1, 1, 1);
    assertThat(runs.finding()).isEmpty();
  }

  @Test
  void oneItemAloneProvesNothing() {
    first(0.01, 600);
    again(0.1);
    assertThat(runs.finding()).isEmpty();
  }

  @Test
  void aTaskThatGetsCompiledHasNoCache() {
    first(0.97, 40, 20, 20, 12);
    again(1, 1, 1, 1);
    assertThat(runs.finding()).isEmpty();
  }

  @Test
  void timesThatVaryAreNoCache() {
    first(0.01, 100, 20, 80, 5);
    again(9, 50, 1, 70);
    again(60, 9, 90, 3);
    assertThat(runs.finding()).isEmpty();
  }

  @Test
  void shortItemsProveNothing() {
    first(0.01, 4, 4, 4, 4);
    again(0.01, 0.01, 0.01, 0.01);
    assertThat(runs.finding()).isEmpty();
  }

  @Test
  void itemsThatFailEachTimeAfterwardsAreToldOf() {
    first(0.01, 20, 20);
    again(ExecutionModel.VIRTUAL_THREADS, FAILED, 1, 1);
    again(ExecutionModel.SEQUENTIAL, FAILED, 1, 1);
    FirstRuns.Finding finding = runs.finding().orElseThrow();
    assertThat(finding.sentence())
        .startsWith("2 items gave a result when run first, and failed each time afterwards");
    assertThat(finding.figures()).containsEntry("failedAgain", true);
  }

  @Test
  void itemsThatFailNowAndThenAreNone() {
    first(0.01, 20, 20);
    again(ExecutionModel.VIRTUAL_THREADS, FAILED, 1, 1);
    again(20, 20);
    assertThat(runs.finding()).isEmpty();
  }

  @Test
  void itemsThatFailedFirstTooAreNone() {
    end(runs, 0, FAILED, 20, 0.1);
    again(ExecutionModel.SEQUENTIAL, FAILED, 20);
    assertThat(runs.finding()).isEmpty();
  }
}
