package io.github.fornada.pipeline;

/** What puts items in a queue: the source, or a stage. */
interface Giver {
  /**
   * Returns whether it waits for room, and this would do.
   *
   * @param room the places that are free; less than none if the one that all wait for took more
   * @param limit the places that there are
   */
  boolean wantsRoom(int room, int limit);

  /** There is room. Called without a lock. */
  void roomAgain();
}
