package io.github.fornada.scenarios.harness;

import java.util.List;

/**
 * A whole run of the command.
 *
 * @param command the command line
 * @param date when it began, in ISO form
 * @param machine the machine, in one line
 * @param java the JVM, in one line
 * @param size the size
 * @param seed the seed of the order and of the intervals
 * @param seconds how long it took
 * @param scenarios what was run
 */
public record TableReport(
    String command,
    String date,
    String machine,
    String java,
    Size size,
    long seed,
    double seconds,
    List<ScenarioReport> scenarios) {
  /** Copies the list. */
  public TableReport {
    scenarios = List.copyOf(scenarios);
  }

  /** Returns all trials, in order. */
  public List<TrialReport> trials() {
    return scenarios.stream().flatMap(scenario -> scenario.trials().stream()).toList();
  }
}
