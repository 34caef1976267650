package io.github.fornada.advice;

import io.github.fornada.advice.decide.Decision;
import io.github.fornada.advice.decide.Job;
import io.github.fornada.advice.decide.Learned;
import io.github.fornada.advice.decide.Observation;
import io.github.fornada.advice.decide.Setting;
import org.jspecify.annotations.Nullable;

/** Keeps one setting. */
final class SteadyChooser implements Chooser {
  private final Setting setting;

  SteadyChooser(Setting setting) {
    this.setting = setting;
  }

  @Override
  public Setting first() {
    return setting;
  }

  @Override
  public void update(Job job) {}

  @Override
  public Decision next(Observation observation) {
    return new Decision(setting, false, "", false, 100_000_000, false, Long.MAX_VALUE);
  }

  @Override
  public @Nullable Advice advice() {
    return null;
  }

  @Override
  public @Nullable Learned learned() {
    return null;
  }
}
