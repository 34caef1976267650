package io.github.fornada.scenarios.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MeasurementTest {
  /** Doubles numbers; under one model it can be made to give a wrong result. */
  private static class Doubling extends MapTrial<Integer, Integer> {
    private final Optional<ExecutionModel> wrongUnder;
    private final List<String> calls = new ArrayList<>();
    private int othersCount;

    Doubling(Optional<ExecutionModel> wrongUnder) {
      super("doubling", List.of(1, 2, 3), (TaskFunction<Integer, Integer>) x -> 2 * x);
      this.wrongUnder = wrongUnder;
    }

    @Override
    public String guidePick() {
      return "nothing";
    }

    @Override
    public List<Integer> under(Pool pool) throws Exception {
      List<Integer> right = super.under(pool);
      return wrongUnder.filter(model -> model == pool.model()).isPresent()
          ? List.of(2, 4, 7)
          : right;
    }

    @Override
    public Map<ExecutionModel, String> notApplicable() {
      return Map.of(ExecutionModel.PROCESSES, "it would take long to start");
    }

    @Override
    public void before() {
      calls.add("before");
    }

    @Override
    public void after(List<Integer> result) throws WrongResultException {
      calls.add("after");
      WrongResultException.unless(result.size() == 3 + othersCount, "the other side counted 3");
    }

    @Override
    public String why(Comparison comparison) {
      return "because";
    }
  }

  private static Comparison run(Doubling trial, int blocks) throws Exception {
    return new Measurement<>("test", trial, blocks, 1, 0, 0, 0, new Progress(System.err)).run();
  }

  @Test
  void everyWayRunsOnceInEveryBlock() throws Exception {
    var trial = new Doubling(Optional.empty());
    Comparison comparison = run(trial, 4);
    assertThat(comparison.models())
        .extracting(Measured::name)
        .containsExactly("sequential", "virtual", "threads");
    assertThat(comparison.models()).allMatch(way -> way.seconds().size() == 4);
    assertThat(comparison.expert().orElseThrow().seconds()).hasSize(4);
    assertThat(comparison.expertRatio()).isPositive();
    assertThat(trial.calls).startsWith("before", "after", "before", "after");
  }

  @Test
  void aWrongResultUnderOneModelIsFoundAndNamed() {
    var trial = new Doubling(Optional.of(ExecutionModel.PLATFORM_THREADS));
    assertThatThrownBy(() -> run(trial, 1))
        .isInstanceOf(WrongResultException.class)
        .hasMessage("test: doubling under threads: item 2 is 7, in sequence 6");
  }

  @Test
  void aResultThatTheOtherSideDoesNotConfirmIsFound() {
    var trial = new Doubling(Optional.empty());
    trial.othersCount = 1;
    assertThatThrownBy(() -> run(trial, 1))
        .isInstanceOf(WrongResultException.class)
        .hasMessageContaining("the other side counted 3");
  }

  @Test
  void aWrongResultIsAProblemOfTheReportAndNotOfTheOthers() throws Exception {
    var scenario =
        new Scenario() {
          @Override
          public String name() {
            return "wrong";
          }

          @Override
          public String about() {
            return "gives a wrong result";
          }

          @Override
          public List<Trial<?>> prepare(Setup setup) {
            return List.of(
                new Doubling(Optional.empty()),
                new Doubling(Optional.of(ExecutionModel.VIRTUAL_THREADS)));
          }
        };
    ScenarioReport report =
        new Runner(Size.SMALL, 1, new Progress(System.err), Optional.empty()).run(scenario);
    assertThat(report.trials()).hasSize(1);
    assertThat(report.problem().orElseThrow()).startsWith("wrong result: wrong: doubling under");
    assertThat(Runner.isClean(List.of(report))).isFalse();
  }
}
