package io.github.fornada.scenarios.harness;

import java.util.List;

/** One row of the decision table: a program as developers write it, measured under each model. */
public interface Scenario {
  /** Returns the name on the command line, such as {@code large-files}. */
  String name();

  /** Returns in one line what the program does. */
  String about();

  /**
   * Prepares the data and starts what the program talks to. What it opens, it gives to {@link
   * Setup#closeAtEnd}.
   *
   * @return the trials, in the order of the table
   * @throws MissingException if something is not there that the scenario needs
   * @throws Exception if the preparation fails
   */
  List<Trial<?>> prepare(Setup setup) throws Exception;

  /**
   * Measures what is not a comparison of models, such as the cost of a thread. Called after the
   * trials.
   *
   * @throws Exception if something that must hold does not
   */
  default List<Finding> findings(Setup setup) throws Exception {
    return List.of();
  }
}
