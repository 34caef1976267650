package io.github.fornada.spi;

import org.jspecify.annotations.Nullable;

/**
 * What a pool has made of an item or of a function when it was handed over, in the place of that
 * itself: a copy, of which later changes to the original do not tell. For those who write pools.
 *
 * <p>Where an item or a function is shown, in labels, events and outcomes, it is the original.
 */
public abstract class HandedOver {
  /** For subclasses. */
  protected HandedOver() {}

  /** Returns what was handed over. */
  public abstract @Nullable Object original();

  /**
   * Gives back what the copy takes beside memory, such as a file; the item has ended. Called once.
   */
  public void release() {}

  /** Returns the original of what may have been handed over. */
  static @Nullable Object original(@Nullable Object handed) {
    return handed instanceof HandedOver copy ? copy.original() : handed;
  }

  /** Gives back what a copy takes, if it is one. */
  static void release(@Nullable Object handed) {
    if (handed instanceof HandedOver copy) {
      copy.release();
    }
  }
}
