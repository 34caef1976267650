package io.github.fornada.advice.decide;

import org.jspecify.annotations.Nullable;

/**
 * Gets what a pool observes and decides, in order, so that it can be recorded and replayed. Called
 * by the pool's own thread; must be quick.
 */
public interface Journal {
  /** The journal of the pools that are opened within its scope. */
  ScopedValue<Journal> CURRENT = ScopedValue.newInstance();

  /**
   * A job has begun: what follows belongs to it.
   *
   * @param learned what an earlier run has found out, with which it begins; null for nothing
   */
  void began(Machine machine, Job job, @Nullable Learned learned);

  /** More has become known of the job. */
  void learned(Job job);

  /** An observation was made, and this was decided. */
  void decided(Observation observation, Decision decision);

  /**
   * The work has ended, and all that was seen of it has been told. More work may come; then more is
   * told.
   */
  default void ended() {}
}
