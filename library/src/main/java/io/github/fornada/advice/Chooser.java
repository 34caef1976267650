package io.github.fornada.advice;

import io.github.fornada.advice.decide.Decision;
import io.github.fornada.advice.decide.Job;
import io.github.fornada.advice.decide.Learned;
import io.github.fornada.advice.decide.Machine;
import io.github.fornada.advice.decide.Observation;
import io.github.fornada.advice.decide.Setting;
import org.jspecify.annotations.Nullable;

/** Chooses a setting for one job, from what is observed of it. Used by one thread. */
interface Chooser {
  /** Makes choosers; tests have others. */
  interface Maker {
    /**
     * Returns a chooser for a new job.
     *
     * @param known what an earlier run has found out, to begin with; null for nothing
     */
    Chooser make(Machine machine, Job job, @Nullable Learned known);
  }

  /** Returns the setting to begin with. */
  Setting first();

  /** Takes what has become known of the job since. */
  void update(Job job);

  /** Returns what to do until the next observation. */
  Decision next(Observation observation);

  /** Returns what can be said by now; null if nothing can. */
  @Nullable Advice advice();

  /** Returns what a later run can begin with; null for nothing. */
  @Nullable Learned learned();
}
