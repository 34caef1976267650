package io.github.fornada.scenarios.harness;

/**
 * A whole run of a program.
 *
 * @param <R> what it computes
 */
@FunctionalInterface
public interface Program<R> {
  /**
   * Runs once.
   *
   * @throws Exception if the program fails
   */
  R run() throws Exception;
}
