package io.github.fornada.spi;

import org.jspecify.annotations.Nullable;

/**
 * Replaces an item or a function from the moment it is handed over to a pool: a copy that later
 * changes to the original do not affect. For authors of pools.
 *
 * <p>Labels, events and outcomes always show the original.
 */
public abstract class HandedOver {
  /** For subclasses. */
  protected HandedOver() {}

  /** Returns what was handed over. */
  public abstract @Nullable Object original();

  /**
   * Frees what the copy uses in addition to memory, such as a file. Called once, when the item has
   * ended.
   */
  public void release() {}

  /** Returns the original if {@code handed} is a copy, else {@code handed} itself. */
  static @Nullable Object original(@Nullable Object handed) {
    return handed instanceof HandedOver copy ? copy.original() : handed;
  }

  /** Releases {@code handed} if it is a copy. */
  static void release(@Nullable Object handed) {
    if (handed instanceof HandedOver copy) {
      copy.release();
    }
  }
}
