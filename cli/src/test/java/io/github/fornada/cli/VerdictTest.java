package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.ExecutionModel;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class VerdictTest {
  private static Figures run(
      ExecutionModel model, double seconds, double speedup, double busy, double start) {
    return new Figures(
        model, seconds, 0, speedup, 1, busy, 1.5, 100_000_000, start, 8, 0, 3, false);
  }

  private static List<Figures> figures(
      double busy, double virtual, double threads, double processes) {
    double one = 4;
    return List.of(
        run(ExecutionModel.SEQUENTIAL, one, 1, busy, 0),
        run(ExecutionModel.VIRTUAL_THREADS, one / virtual, virtual, busy, 0),
        run(ExecutionModel.PLATFORM_THREADS, one / threads, threads, busy, 0),
        run(ExecutionModel.PROCESSES, one / processes, processes, busy, 0.3));
  }

  private static String verdict(double busy, double virtual, double threads, double processes) {
    return String.join(" ", Verdict.of(figures(busy, virtual, threads, processes), 2));
  }

  private static Optional<ExecutionModel> recommended(
      double busy, double virtual, double threads, double processes) {
    return Verdict.recommended(figures(busy, virtual, threads, processes), 2);
  }

  @Test
  void waitingTasksGoToVirtualThreads() {
    assertThat(verdict(0.02, 8, 2, 2)).contains("I/O-bound").contains("Use --on virtual");
  }

  @Test
  void oneModelAloneIsComparedWithNothing() {
    List<Figures> one =
        figures(0.02, 8, 2, 2).stream()
            .filter(each -> each.model() == ExecutionModel.SEQUENTIAL)
            .toList();
    assertThat(String.join(" ", Verdict.of(one, 2)))
        .contains("Only one model was run")
        .contains("give --on more of them");
    assertThat(Verdict.recommended(one, 2)).isEmpty();
  }

  @Test
  void whereNoItemHasAResultNoModelIsRecommended() {
    List<Figures> failed =
        figures(0.02, 8, 2, 2).stream()
            .map(each ->
                new Figures(
                    each.model(),
                    each.seconds(),
                    0,
                    each.speedup(),
                    1,
                    0.02,
                    1.5,
                    0,
                    0,
                    0,
                    8,
                    3,
                    false))
            .toList();
    assertThat(Verdict.of(failed, 2))
        .singleElement(InstanceOfAssertFactories.STRING)
        .startsWith("No item has given a result under any model");
    assertThat(Verdict.recommended(failed, 2)).isEmpty();
  }

  private static String ofRun(double inFlight, double busy, double idle) {
    return Verdict.ofRun(
        new Figures(
            ExecutionModel.PLATFORM_THREADS,
            4,
            Double.NaN,
            Double.NaN,
            inFlight,
            busy,
            idle,
            100_000_000,
            0,
            8,
            0,
            1,
            false),
        2);
  }

  @Test
  void oneRunTellsWhetherItsTasksComputeOrWait() {
    assertThat(ofRun(100, 0.9, 1.1)).contains("I/O-bound", "0.01 of a core");
    assertThat(ofRun(1, 0.97, 1.0)).contains("CPU-bound", "0.97 of a core");
    assertThat(ofRun(8, 1.9, 0.1)).as("they wait for a processor").contains("CPU-bound");
    assertThat(ofRun(2, 1, 0.8)).contains("by turns (mixed)");
    assertThat(ofRun(2, 0.6, 0.1)).contains("Other programs kept this machine busy");
    assertThat(ofRun(2, Double.NaN, 1)).contains("too short to tell");
  }

  @Test
  void computingTasksGoToThreads() {
    assertThat(verdict(1, 1.95, 1.95, 1.9)).contains("CPU-bound").contains("Use --on threads");
  }

  @Test
  void threadsHeldUpByALockAreToldFromProcesses() {
    assertThat(verdict(1, 1.0, 1.02, 1.9)).contains("lets one task in at a time");
  }

  @Test
  void whatNothingSpeedsUpStaysSequential() {
    assertThat(verdict(1, 1.05, 1.1, 1.0)).contains("Leave it sequential");
  }

  @Test
  void tinyWorkStaysSequential() {
    var figures =
        List.of(
            run(ExecutionModel.SEQUENTIAL, 0.010, 1, 0.9, 0),
            run(ExecutionModel.PLATFORM_THREADS, 0.005, 2, 1.8, 0),
            run(ExecutionModel.PROCESSES, 0.006, 1.7, 1.8, 0.3));
    assertThat(String.join(" ", Verdict.of(figures, 2))).contains("not worth it");
  }

  @Test
  void onACrowdedMachineWhatIsFarBeyondNoiseIsSaidAllTheSame() {
    var crowded =
        new Figures(
            ExecutionModel.SEQUENTIAL, 40, 0, 1, 1, 0.02, 0.1, 100_000_000, 0, 8, 0, 3, false);
    var figures = List.of(crowded, run(ExecutionModel.VIRTUAL_THREADS, 0.27, 148, 0.6, 0));
    assertThat(String.join(" ", Verdict.of(figures, 2)))
        .contains("Other programs kept this machine busy")
        .contains("148x")
        .contains("use --on virtual");
    assertThat(Verdict.recommended(figures, 2)).contains(ExecutionModel.VIRTUAL_THREADS);
    var near = List.of(crowded, run(ExecutionModel.VIRTUAL_THREADS, 20, 2, 0.6, 0));
    assertThat(Verdict.of(near, 2)).hasSize(1);
    assertThat(Verdict.recommended(near, 2)).isEmpty();
  }

  private static Figures failing(ExecutionModel model, double seconds, long failed) {
    return new Figures(
        model,
        seconds,
        0,
        4 / seconds,
        1,
        0.02,
        1.5,
        100_000_000,
        0,
        20 - failed,
        failed,
        3,
        false);
  }

  @Test
  void aModelUnderWhichItemsFailIsNotRecommendedForItsSpeed() {
    var one = failing(ExecutionModel.SEQUENTIAL, 4, 0);
    var virtual = failing(ExecutionModel.VIRTUAL_THREADS, 0.1, 19);
    var processes = failing(ExecutionModel.PROCESSES, 2, 0);
    assertThat(Verdict.recommended(List.of(one, virtual, processes), 2))
        .contains(ExecutionModel.PROCESSES);
    assertThat(Verdict.of(List.of(one, virtual, processes), 2))
        .anyMatch(text -> text.contains("19 of 20 items on virtual"));
    assertThat(Verdict.recommended(List.of(one, virtual), 2)).contains(ExecutionModel.SEQUENTIAL);
    assertThat(Verdict.of(List.of(one, virtual), 2))
        .anyMatch(text -> text.startsWith("Leave it sequential"));
  }

  @Test
  void aTaskThatFailsNowAndThenAnywayIsRecommendedAsIfItDidNot() {
    var one = failing(ExecutionModel.SEQUENTIAL, 4, 4);
    var virtual = failing(ExecutionModel.VIRTUAL_THREADS, 0.4, 6);
    assertThat(Verdict.recommended(List.of(one, virtual), 2))
        .contains(ExecutionModel.VIRTUAL_THREADS);
  }

  private static Figures ended(ExecutionModel model, long done, long failed, boolean cutOff) {
    double seconds = model == ExecutionModel.SEQUENTIAL ? 200 : 1;
    return new Figures(
        model,
        seconds,
        Double.NaN,
        200 / seconds,
        1,
        0.02,
        1.5,
        100_000_000,
        0,
        done,
        failed,
        1,
        cutOff);
  }

  @Test
  void aRunThatWasCutOffIsComparedByThePartOfItsItemsThatFailed() {
    var virtual = ended(ExecutionModel.VIRTUAL_THREADS, 190, 10, false);
    for (long failed = 0; failed <= 2; failed++) {
      var one = ended(ExecutionModel.SEQUENTIAL, 10 - failed, failed, true);
      assertThat(Verdict.recommended(List.of(one, virtual), 2))
          .as("%s of 10 failed, and 10 of 200", failed)
          .contains(ExecutionModel.VIRTUAL_THREADS);
      assertThat(Verdict.of(List.of(one, virtual), 2))
          .noneMatch(text -> text.contains("More items failed"));
    }
    var threads = ended(ExecutionModel.PLATFORM_THREADS, 19, 1, true);
    assertThat(Verdict.recommended(List.of(virtual, threads), 2))
        .as("without a sequential run")
        .contains(ExecutionModel.VIRTUAL_THREADS);
  }

  @Test
  void whereNearlyAllFailItIsSaidAlsoBesideARunThatWasCutOff() {
    var one = ended(ExecutionModel.SEQUENTIAL, 10, 0, true);
    var virtual = ended(ExecutionModel.VIRTUAL_THREADS, 10, 190, false);
    assertThat(Verdict.recommended(List.of(one, virtual), 2)).contains(ExecutionModel.SEQUENTIAL);
    assertThat(Verdict.of(List.of(one, virtual), 2))
        .anyMatch(text ->
            text.contains(
                "190 of 200 items on virtual; 0 of 10 items on sequential, which was cut off"));
  }

  @Test
  void whatIsRecommendedIsWhatTheSentencesSay() {
    assertThat(recommended(0.02, 8, 2, 2)).contains(ExecutionModel.VIRTUAL_THREADS);
    assertThat(recommended(1, 1.95, 1.95, 1.9)).contains(ExecutionModel.PLATFORM_THREADS);
    assertThat(recommended(1, 1.0, 1.02, 1.9)).contains(ExecutionModel.PROCESSES);
    assertThat(recommended(1, 1.05, 1.1, 1.0)).contains(ExecutionModel.SEQUENTIAL);
  }

  @Test
  void aCrowdedMachineIsSaidToBeSo() {
    var crowded =
        new Figures(
            ExecutionModel.SEQUENTIAL, 4, 0, 1, 1, 0.5, 0.1, 100_000_000, 0, 8, 0, 3, false);
    assertThat(
            Verdict.of(List.of(crowded, run(ExecutionModel.PLATFORM_THREADS, 3, 1.3, 0.6, 0)), 2))
        .singleElement()
        .asString()
        .contains("Other programs kept this machine busy");
  }

  @Test
  void aTaskThatComputesForHalfOfItsTimeIsNoOtherProgramToASingleProcessor() {
    var one =
        new Figures(
            ExecutionModel.SEQUENTIAL, 4, 0, 1, 1, 0.6, 0.4, 100_000_000, 0, 8, 0, 3, false);
    var virtual =
        new Figures(
            ExecutionModel.VIRTUAL_THREADS, 2.4, 0, 1.67, 1, 1, 0, 100_000_000, 0, 8, 0, 3, false);
    assertThat(Verdict.of(List.of(one, virtual), 1))
        .noneMatch(text -> text.contains("Other programs"))
        .anyMatch(text -> text.contains("by turns (mixed)"));
    assertThat(Verdict.recommended(List.of(one, virtual), 1))
        .contains(ExecutionModel.VIRTUAL_THREADS);
    assertThat(Verdict.ofRun(one, 1)).doesNotContain("Other programs").contains("by turns");
    var crowded =
        new Figures(
            ExecutionModel.SEQUENTIAL, 4, 0, 1, 1, 0.6, 0.1, 100_000_000, 0, 8, 0, 3, false);
    assertThat(Verdict.of(List.of(crowded), 1).getFirst()).contains("Other programs");
  }

  @Test
  void aRunOfMillisecondsIsTooShortToTell() {
    var shortest =
        new Figures(
            ExecutionModel.SEQUENTIAL,
            0.0014,
            0,
            1,
            0.1,
            Double.NaN,
            2,
            100_000_000,
            0,
            1,
            0,
            3,
            false);
    assertThat(Verdict.of(List.of(shortest), 2).getFirst())
        .isEqualTo(
            "One after the other took 1.4 ms: too short to tell whether the tasks compute or wait."
                + " Give more or larger inputs.");
  }
}
