package io.github.fornada.scenarios.harness;

import java.util.List;
import java.util.Optional;

/**
 * What a scenario gave.
 *
 * @param name its name
 * @param about what it does
 * @param trials its trials
 * @param findings what else was measured
 * @param seconds how long all of it took
 * @param problem why it has no or not all figures; empty if all went well
 */
public record ScenarioReport(
    String name,
    String about,
    List<TrialReport> trials,
    List<Finding> findings,
    double seconds,
    Optional<String> problem) {
  /** Copies the lists. */
  public ScenarioReport {
    trials = List.copyOf(trials);
    findings = List.copyOf(findings);
  }
}
