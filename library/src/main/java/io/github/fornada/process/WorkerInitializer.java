package io.github.fornada.process;

import java.io.Serializable;

/**
 * Code that each worker process runs once, before its first task. For an object that tasks use,
 * {@link WorkerState} is the better choice.
 */
@FunctionalInterface
public interface WorkerInitializer extends Serializable {
  /**
   * Prepares the worker. The worker's tasks see what it writes to static fields.
   *
   * @throws Exception if the worker cannot be used; the pool's tasks then end with this as their
   *     cause
   */
  void initialize() throws Exception;
}
