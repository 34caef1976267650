package io.github.fornada.advice.decide;

/**
 * Gets what a pool observes and decides, in order, so that it can be recorded and replayed. Called
 * by the pool's own thread; must be quick.
 */
public interface Journal {
  /** The journal of the pools that are opened within its scope. */
  ScopedValue<Journal> CURRENT = ScopedValue.newInstance();

  /** A job has begun: what follows belongs to it. */
  void began(Machine machine, Job job);

  /** An observation was made, and this was decided. */
  void decided(Observation observation, Decision decision);
}
