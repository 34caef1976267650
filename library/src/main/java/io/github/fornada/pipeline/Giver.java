package io.github.fornada.pipeline;

/** What puts items in a queue: the source, or a stage. */
interface Giver {
  /**
   * Returns for how many items there must be room before it goes on; 0 if it does not wait for any.
   *
   * @param limit the places that there are
   */
  int roomWanted(int limit);

  /** There is room. Called without a lock. */
  void roomAgain();
}
