package io.github.fornada.scenarios.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;

/** What the tests of every scenario need. */
public final class Planted {
  /** One seed for all, so that a failure can be repeated. */
  private static final long SEED = 1;

  private Planted() {}

  /** Runs the trial in one block under every model and checks each result. */
  public static <R> Comparison run(Trial<R> trial) throws Exception {
    Comparison comparison = measured(trial);
    assertThat(comparison.models()).hasSizeGreaterThan(1);
    assertThat(comparison.best()).isNotEmpty();
    assertThat(trial.explanation(comparison)).isNotBlank();
    assertThat(trial.remarks(comparison)).doesNotContainNull();
    return comparison;
  }

  private static <R> Comparison measured(Trial<R> trial) throws Exception {
    return new Measurement<>("test", trial, 1, SEED, 0, 0, 0, new Progress(System.err)).run();
  }

  /** Checks that the trial's own comparison finds this result wrong. */
  public static <R> void isFound(Trial<R> trial, R right, R wrong) throws Exception {
    trial.check(right, right);
    assertThatThrownBy(() -> trial.check(right, wrong)).isInstanceOf(WrongResultException.class);
  }

  /** Prepares a scenario at its small size, and closes it after {@code use}. */
  public static void with(Scenario scenario, Use use) throws Exception {
    try (var setup = new Setup(Size.SMALL)) {
      use.use(scenario.prepare(setup), setup);
    }
  }

  /** What a test does with a scenario. */
  @FunctionalInterface
  public interface Use {
    void use(List<Trial<?>> trials, Setup setup) throws Exception;
  }
}
