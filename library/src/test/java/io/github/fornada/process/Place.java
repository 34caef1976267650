package io.github.fornada.process;

/** The place at which it happens. */
enum Place {
  /** In the parent. */
  ARGUMENT_IS_SERIALIZED,
  ARGUMENT_IS_DESERIALIZED,
  /** What each worker runs before its first task. */
  INITIALIZER,
  TASK,
  RESULT_IS_SERIALIZED,
  /** In the parent, after it was read back in the worker. */
  RESULT_IS_DESERIALIZED,
  BETWEEN_TASKS,
  LARGE_ARGUMENT_IN_FLIGHT,
  LARGE_RESULT_IN_FLIGHT,
  /** In a task that goes on while its pool is shut down. */
  SHUTDOWN,
  /** While the worker's JVM exits, in a hook that a task has left there. */
  EXIT_OF_THE_WORKER;

  /** Returns whether it occurs only once in the life of a pool or a worker. */
  boolean isAtAnEdge() {
    return this == INITIALIZER || this == SHUTDOWN || this == EXIT_OF_THE_WORKER;
  }
}
