package io.github.fornada.shared;

import io.github.fornada.DeathCertificate;
import io.github.fornada.shared.memory.Region;
import io.github.fornada.shared.memory.Rendezvous;
import java.io.Serial;
import java.time.Duration;

/**
 * A place where a fixed number of tasks, the parties, wait for each other, round after round.
 *
 * <p><b>All of them or none.</b> If one cannot come, the others must not wait for ever: then the
 * barrier is broken, and each of them gets a {@link SharedBarrierBrokenException}. It is broken by
 *
 * <ul>
 *   <li>the death of a process that waits in the round, or was in the round before and has not come
 *       back; the exception has its death certificate. A worker that the pool replaces between two
 *       tasks does not count;
 *   <li>a party that is interrupted while it waits, or whose limit is over;
 *   <li>{@link #abort}.
 * </ul>
 *
 * <p>A process that dies before it has come for the first time is not known to the barrier: start
 * with a limit, if tasks may die so early. A broken barrier stays broken: make a new one. A process
 * that is only slow, or stopped by a signal, does not break it.
 *
 * <p><b>Memory effects.</b> What a party did before it came is visible to all parties after the
 * wait, in other processes too.
 *
 * {@snippet :
 * SharedBarrier step = SharedSpace.of(pool).barrier(pool.workers());
 * pool.submit(part, p -> {
 *   for (int i = 0; i < steps; i++) {
 *     grid.compute(p);
 *     step.await(); // nobody begins the next step before all have done this one
 *   }
 *   return p;
 * });
 * }
 *
 * <p>The idea comes from Python's {@code multiprocessing.Barrier} and {@link
 * java.util.concurrent.CyclicBarrier}; unlike in Python, a process that dies at it is noticed.
 */
public final class SharedBarrier extends SharedObject {
  @Serial private static final long serialVersionUID = 1L;

  /** Each party looks through them. */
  static final int MAX_PARTIES = 4096;

  private final transient Rendezvous rendezvous;

  SharedBarrier(Region region) {
    super(region);
    this.rendezvous = new Rendezvous(region);
  }

  /** Returns how many parties a round has. */
  public int parties() {
    return rendezvous.parties();
  }

  /** Returns how many have come to the round that is going on. */
  public int waiting() {
    return rendezvous.waiting();
  }

  /** Returns whether the barrier is broken. */
  public boolean isBroken() {
    return rendezvous.isBroken();
  }

  /**
   * Waits until all parties have come. An interrupt breaks the barrier, also if it comes before the
   * wait.
   *
   * @return a number from 0 to {@code parties() - 1}, which no other party of this round gets: so
   *     one of them can do what must be done once
   * @throws InterruptedException if the thread was interrupted, and the round had not ended
   * @throws SharedBarrierBrokenException if the barrier is broken
   * @throws IllegalStateException if it was freed, or its pool has ended
   */
  public int await() throws InterruptedException {
    return came(rendezvous.await(Limits.NONE));
  }

  /**
   * Waits until all parties have come, for at most {@code limit}; then breaks the barrier.
   *
   * @return as {@link #await()}
   * @throws InterruptedException as {@link #await()}
   * @throws SharedBarrierBrokenException as {@link #await()}; also to this party, if not all have
   *     come in that time
   * @throws IllegalStateException as {@link #await()}
   */
  public int await(Duration limit) throws InterruptedException {
    return came(rendezvous.await(Limits.nanos(limit)));
  }

  /** Breaks the barrier: for a party that cannot go on. Does nothing if it is broken. */
  public void abort() {
    rendezvous.breakOff();
  }

  private int came(int party) {
    if (party != Rendezvous.BROKEN) {
      return party;
    }
    long dead = rendezvous.brokenByDeathOf();
    if (dead == 0) {
      throw new SharedBarrierBrokenException(
          "the shared barrier is broken: a party was interrupted, waited for longer than its limit,"
              + " or gave up; make a new barrier to meet again",
          null);
    }
    DeathCertificate died = region.space().certificate(dead);
    throw new SharedBarrierBrokenException(
        "the shared barrier is broken: its party in process "
            + died.pid()
            + " ("
            + died.worker()
            + ") "
            + died.manner()
            + "; make a new barrier to meet again",
        died);
  }

  @Override
  public String toString() {
    return "SharedBarrier";
  }
}
