package io.github.fornada.advice;

import io.github.fornada.ExecutionModel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How a pool runs its tasks from some moment on, and why. Immutable. */
public final class Choice {
  private final ExecutionModel model;
  private final int size;
  private final String reason;

  Choice(ExecutionModel model, int size, String reason) {
    this.model = model;
    this.size = size;
    this.reason = reason;
  }

  /** Returns the model. */
  public ExecutionModel model() {
    return model;
  }

  /** Returns the maximum number of items in flight. */
  public int size() {
    return size;
  }

  /** Returns why, in one sentence; empty at the beginning. */
  public String reason() {
    return reason;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Choice that
        && model == that.model
        && size == that.size
        && reason.equals(that.reason);
  }

  @Override
  public int hashCode() {
    return Objects.hash(model, size, reason);
  }

  /** Returns it in words, such as {@code threads, 2 at once: most of the time it computes}. */
  @Override
  public String toString() {
    String how = size == 1 ? model.label() : model.label() + ", " + size + " at once";
    return reason.isEmpty() ? how : how + ": " + reason;
  }
}
