package io.github.fornada.scenarios.harness;

import java.util.List;

/**
 * Something measured that is not a comparison of models.
 *
 * @param title what was measured
 * @param lines the figures, as text of at most 76 columns a line
 */
public record Finding(String title, List<String> lines) {
  /** Copies the list. */
  public Finding {
    lines = List.copyOf(lines);
  }

  /** Returns a finding of these lines. */
  public static Finding of(String title, String... lines) {
    return new Finding(title, List.of(lines));
  }
}
