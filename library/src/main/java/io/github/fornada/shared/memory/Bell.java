package io.github.fornada.shared.memory;

/**
 * How a process that waits for a shared object is woken, and who takes part in a pool.
 *
 * <p>Each process that waits has a <em>seat</em>: a small number, which is its bit in the masks of
 * {@link WaitBits}. A thread that waits is known here before it sets the bit.
 */
public interface Bell {
  /** The maximum number of processes that may wait for the objects of one pool. */
  int SEATS = 256; // Guess: more workers than a machine runs

  /** Returns this process's number in the pool: 1 for the parent. Never given to another. */
  long id();

  /**
   * Opens what {@link #ring} needs to find a process. Called before an object is used: later
   * something may have been changed, for which somebody must be rung.
   *
   * @throws java.io.UncheckedIOException if that cannot be made or opened
   */
  default void prepare() {}

  /** Returns the seat of this process; takes one when it is first needed. */
  int seat();

  /** Returns the number of the process that has this seat; 0 for none. */
  long idOf(int seat);

  /**
   * Makes the calling thread one that is woken when this process is rung for what it waits for.
   *
   * @param key what it waits for: see {@link RingKey}
   */
  Sleeper add(long key);

  void remove(Sleeper sleeper);

  /**
   * Waits until this process is rung, the calling thread is interrupted, which stays set, or the
   * time is over; or returns for no reason.
   *
   * @param self the calling thread
   * @param blocker the object that the thread waits for, for diagnostics
   * @param nanos how long at most, and a millisecond more; {@link Mutex#FOR_EVER} for no limit
   */
  default void await(Sleeper self, Object blocker, long nanos) {
    Listeners.park(blocker, nanos);
  }

  /**
   * Wakes the threads of the process in this seat that wait for {@code key}. Never waits for it. If
   * it cannot be rung now, it is rung later.
   */
  void ring(int seat, long key);
}
