package io.github.fornada.scenarios.harness;

import io.github.fornada.ExecutionModel;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a trial gave.
 *
 * @param scenario the name of its scenario
 * @param name its name within the scenario; may be empty
 * @param guidePick what the guide picks
 * @param comparison the figures
 * @param notApplicable models that make no sense, with the reason
 * @param why why the guide and the JVM agree or do not
 * @param python the gain of the guide's pick in Python; empty if there is none to compare
 * @param advised what the advisor chose; empty if it was not asked
 * @param remarks further facts
 * @param blocks in how many blocks every way was run
 */
public record TrialReport(
    String scenario,
    String name,
    String guidePick,
    Comparison comparison,
    Map<ExecutionModel, String> notApplicable,
    String why,
    Optional<String> python,
    Optional<String> advised,
    List<String> remarks,
    int blocks) {
  /** Copies the collections. */
  public TrialReport {
    notApplicable = Map.copyOf(notApplicable);
    remarks = List.copyOf(remarks);
  }

  /** Returns whether what the advisor chose is the best here or tied with it. */
  public boolean isWellAdvised() {
    return advised
        .filter(label -> comparison.best().stream().anyMatch(way -> way.name().equals(label)))
        .isPresent();
  }

  /** Returns scenario and name, such as {@code math: primes}. */
  public String title() {
    return name.isEmpty() ? scenario : scenario + ": " + name;
  }
}
