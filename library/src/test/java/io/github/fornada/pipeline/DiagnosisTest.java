package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

final class DiagnosisTest {
  /** A stage at {@code rate} items a second of {@code millis} each. */
  private static StageSummary stage(
      String name, int size, double rate, double millis, double forRoom, double cores) {
    double busy = Math.min(1, rate * millis / 1000 / size);
    return new StageSummary(
        name,
        "threads",
        size,
        1000,
        1000,
        0,
        rate,
        busy,
        (1 - busy) * (1 - forRoom),
        (1 - busy) * forRoom,
        millis * 1e6,
        cores,
        0,
        16,
        16);
  }

  @Test
  void namesTheBusiestStageAndWhatOneMoreWorkerGives() {
    var found =
        Diagnosis.of(
            List.of(
                stage("fetch", 50, 199, 20, 1, -1),
                stage("parse", 2, 199, 10, 0, 2),
                stage("store", 4, 199, 1, 0, 0.2)),
            6);
    assertThat(found.kind()).isEqualTo(Diagnosis.Kind.STAGE);
    assertThat(found.busiest().name()).isEqualTo("parse");
    assertThat(found.promised()).isCloseTo(300, within(1.0));
    assertThat(found.text())
        .contains("an item takes 10.0 ms, so its 2 workers run at most 200/s")
        .contains("One more worker would give 300/s; beyond that \"fetch\" is next, at 2,500/s.");
  }

  @Test
  void thePromiseIsNoMoreThanTheNextStageCanTake() {
    var found = Diagnosis.of(List.of(stage("a", 1, 99, 10, 0, 0), stage("b", 1, 99, 9, 0, 0)), 8);
    assertThat(found.busiest().name()).isEqualTo("a");
    assertThat(found.promised()).isCloseTo(111, within(1.0));
    assertThat(found.text()).contains("because then \"b\" holds it up");
  }

  @Test
  void thePromiseIsNoMoreThanTheProcessorsAllow() {
    var half = Diagnosis.of(List.of(stage("a", 2, 199, 10, 0, 2)), 0.5);
    assertThat(half.promised()).isCloseTo(249, within(1.0));
    assertThat(half.text()).contains("and then all processors are in use");
    var none = Diagnosis.of(List.of(stage("a", 2, 199, 10, 0, 2)), 0);
    assertThat(none.text()).contains("All processors are in use");
  }

  @Test
  void tinyItemsShouldGoInBatches() {
    var found =
        Diagnosis.of(
            List.of(stage("a", 1, 1e6, 0.0001, 0.7, 0), stage("b", 1, 1e6, 0.0002, 0.1, 0)), 1);
    assertThat(found.kind()).isEqualTo(Diagnosis.Kind.NOTHING);
    assertThat(found.text()).contains("200 ns").contains("with batches");
  }

  @Test
  void aSlowSourceOrConsumerIsNoStage() {
    assertThat(Diagnosis.of(List.of(stage("a", 4, 100, 1, 0, 0)), 8).kind())
        .isEqualTo(Diagnosis.Kind.SOURCE);
    assertThat(Diagnosis.of(List.of(stage("a", 4, 100, 1, 1, 0)), 8).kind())
        .isEqualTo(Diagnosis.Kind.CONSUMER);
    assertThat(Diagnosis.of(List.of(), 8).kind()).isEqualTo(Diagnosis.Kind.NOTHING);
  }
}
