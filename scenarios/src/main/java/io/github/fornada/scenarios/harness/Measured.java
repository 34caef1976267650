package io.github.fornada.scenarios.harness;

import io.github.fornada.ExecutionModel;
import java.util.List;
import java.util.Optional;

/**
 * The figures of one way to run a program.
 *
 * @param name the model's label, or what the version is
 * @param model the model; empty for a version that uses no pool
 * @param startSeconds how long its pool took to open and to run its first items; 0 without a pool
 * @param seconds the times of its runs, in seconds
 * @param interval their median
 * @param memoryBytes the peak of the memory resident in this JVM and the workers; -1 if not known
 * @param busyCores processor time of this JVM and the workers, by wall time; NaN if not known
 */
public record Measured(
    String name,
    Optional<ExecutionModel> model,
    double startSeconds,
    List<Double> seconds,
    Interval interval,
    long memoryBytes,
    double busyCores) {
  /** The name of the plain loop. */
  public static final String SEQUENTIAL = ExecutionModel.SEQUENTIAL.label();

  /** Copies the list. */
  public Measured {
    seconds = List.copyOf(seconds);
  }
}
