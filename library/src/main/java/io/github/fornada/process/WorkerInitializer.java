package io.github.fornada.process;

import java.io.Serializable;

/**
 * Something that each worker process runs once, before its first task. What its tasks shall get at
 * is better a {@link WorkerState}.
 */
@FunctionalInterface
public interface WorkerInitializer extends Serializable {
  /**
   * Prepares the worker; what it leaves in static fields its tasks find there.
   *
   * @throws Exception if the worker is of no use; the pool's tasks then end with this as their
   *     cause
   */
  void initialize() throws Exception;
}
