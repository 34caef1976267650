package io.github.fornada.advice;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Finding;

/** What to do with a job, and why. Immutable. */
public final class Advice {
  private final Finding finding;

  private Advice(Finding finding) {
    this.finding = finding;
  }

  static Advice of(Finding finding) {
    return new Advice(finding);
  }

  /** Returns the model that suits the job best. */
  public ExecutionModel model() {
    return finding.advised().model();
  }

  /** Returns how many items should be in flight. */
  public int size() {
    return finding.advised().size();
  }

  /** Returns the advice in words. */
  public String text() {
    return String.join(" ", finding.sentences());
  }
}
