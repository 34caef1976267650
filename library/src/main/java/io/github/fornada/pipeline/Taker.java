package io.github.fornada.pipeline;

/** What takes items out of a queue: a stage, or the consumer. */
interface Taker {
  /** There may be something to take. Called without a lock. */
  void wake();
}
