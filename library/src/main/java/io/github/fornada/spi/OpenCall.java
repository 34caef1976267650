package io.github.fornada.spi;

/** A call that may still bring items to its pool: the pool tells it of its end. */
interface OpenCall {
  /** The pool was shut down: it takes no more items. Called without a lock. */
  void refuse();

  /** Whether items were accepted that no worker has taken yet. */
  boolean hasPending();

  /** How many items no worker has taken yet; -1 if that is unknown. */
  default long left() {
    return -1;
  }

  /** Whether it brings no more items for now, because its results are not taken. */
  default boolean isHeldUp() {
    return false;
  }

  /** Whether nothing more will happen here. */
  boolean isOver();

  /** The pool was shut down at once: what runs is stopped. Called without a lock. */
  void stopAtOnce(String reason);
}
