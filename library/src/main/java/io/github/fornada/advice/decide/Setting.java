package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;

/**
 * A way to run items: a model, and the maximum number of items in flight.
 *
 * @param size at least 1; always 1 for a sequential run
 */
public record Setting(ExecutionModel model, int size) {
  /** The plain way: one item after the other. */
  public static final Setting SEQUENTIAL = new Setting(ExecutionModel.SEQUENTIAL, 1);

  /** Checks the size. */
  public Setting {
    if (size < 1 || (model == ExecutionModel.SEQUENTIAL && size != 1)) {
      throw new IllegalArgumentException("size of " + model.label() + " is " + size);
    }
  }

  /** Returns such as {@code one after the other}, {@code 4 threads}, {@code 1 worker process}. */
  public String words() {
    return Say.setting(this);
  }
}
