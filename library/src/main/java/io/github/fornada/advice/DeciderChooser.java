package io.github.fornada.advice;

import io.github.fornada.advice.decide.Decider;
import io.github.fornada.advice.decide.Decision;
import io.github.fornada.advice.decide.Job;
import io.github.fornada.advice.decide.Learned;
import io.github.fornada.advice.decide.Machine;
import io.github.fornada.advice.decide.Observation;
import io.github.fornada.advice.decide.Setting;
import org.jspecify.annotations.Nullable;

/** Chooses as the {@link Decider} does. */
final class DeciderChooser implements Chooser {
  private final Decider decider;
  private final Setting first;
  private boolean looked;

  DeciderChooser(Machine machine, Job job, @Nullable Learned known) {
    decider = new Decider(machine, job);
    first = known == null ? Setting.SEQUENTIAL : decider.beginWith(known);
  }

  @Override
  public Setting first() {
    return first;
  }

  @Override
  public void update(Job job) {
    decider.update(job);
  }

  @Override
  public Decision next(Observation observation) {
    looked = true;
    return decider.next(observation);
  }

  @Override
  public @Nullable Advice advice() {
    return looked ? Advice.of(decider.result()) : null;
  }

  @Override
  public @Nullable Learned learned() {
    return looked ? decider.learned() : null;
  }
}
