package io.github.fornada.benchmarks.peers;

import io.github.fornada.TaskFunction;

/**
 * What a new pool runs first, in a class of its own: a worker that runs it has nothing else of this
 * program to initialize.
 */
final class StartTask {
  static final TaskFunction<Integer, Integer> INCREMENT = StartTask::increment;

  private StartTask() {}

  private static int increment(int n) {
    return n + 1;
  }
}
