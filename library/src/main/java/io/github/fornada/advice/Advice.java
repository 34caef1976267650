package io.github.fornada.advice;

import io.github.fornada.ExecutionModel;

/** What to do with a job, and why. Immutable. */
public final class Advice {
  private final ExecutionModel model;
  private final int size;
  private final String text;

  Advice(ExecutionModel model, int size, String text) {
    this.model = model;
    this.size = size;
    this.text = text;
  }

  /** Returns the model that suits the job best. */
  public ExecutionModel model() {
    return model;
  }

  /** Returns how many items should be in flight. */
  public int size() {
    return size;
  }

  /** Returns the advice in words. */
  public String text() {
    return text;
  }
}
