package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

/**
 * A line of shared memory with one word, and the mask of the processes that wait until it, or what
 * it stands for, changes. Whoever changes it writes first, by a volatile store or a
 * compare-and-set, and then rings.
 */
public final class WaitPoint {
  private static final long BITS = Long.BYTES;

  private static final int SPINS =
      Runtime.getRuntime().availableProcessors() > 1 ? 100 : 0; // Guess

  private final Region region;
  private final long at;

  /** The place of the word that tells whether somebody may wait here; 0 for none. */
  private final long hint;

  /** How many threads of this process wait. The process's bit is set and cleared under this. */
  private int waiting; // guarded by this

  /** Whether this process has set its bit since a thread of it waits. */
  private boolean announced; // guarded by this

  /**
   * Creates this process's view of the line.
   *
   * @param line which line of the region's first page; the first is 1
   */
  public WaitPoint(Region region, int line) {
    this(region, line, 0);
  }

  /**
   * Creates this process's view of the line.
   *
   * @param hint the place of a word for {@link #passOn}, in a line that those write who call it
   */
  WaitPoint(Region region, int line, long hint) {
    this.region = region;
    this.at = Region.line(line);
    this.hint = hint;
  }

  public long get() {
    return (long) Region.LONG.getVolatile(region.segment(), at);
  }

  public void set(long value) {
    Region.LONG.setVolatile(region.segment(), at, value);
  }

  public long getAndAdd(long change) {
    return (long) Region.LONG.getAndAdd(region.segment(), at, change);
  }

  public boolean compareAndSet(long expected, long value) {
    return Region.LONG.compareAndSet(region.segment(), at, expected, value);
  }

  /** Wakes every process that waits here. */
  public void ringAll() {
    WaitBits.ringAll(region, at + BITS);
  }

  /**
   * Wakes one process that waits here, if any does. A process that then takes what it waited for
   * must call this too if there is more of it. One that gives up passes the ring on by itself.
   */
  public void ringOne() {
    int _ = WaitBits.ringOne(region, at + BITS, 0);
  }

  /** Returns whether a process may wait here: no if nobody has since {@link #passOn} found none. */
  boolean isPerhapsAwaited() {
    return (long) Region.LONG.getVolatile(region.segment(), hint) != 0;
  }

  /**
   * Wakes one process that waits here, as {@link #ringOne} does, for one that has taken something
   * and left more. Called by one thread of all processes at a time, if one {@linkplain
   * #isPerhapsAwaited may wait}: so while nobody does, that thread only reads the hint, and not the
   * line, which those write who bring more.
   */
  void passOn() {
    MemorySegment memory = region.segment();
    // Cleared before the mask is read. Who waits sets its bit first, and then the hint.
    Region.LONG.setVolatile(memory, hint, 0L);
    if (WaitBits.ringOne(region, at + BITS, 0) >= 0) {
      Region.LONG.setVolatile(memory, hint, 1L); // there may be more that wait
    }
  }

  /**
   * Waits until {@code ready} holds.
   *
   * @param nanos how long at most; {@link Mutex#FOR_EVER} for no limit
   * @param ready reads shared memory only, and is quick
   * @return whether it holds
   * @throws IllegalStateException if the object was freed
   */
  public boolean await(long nanos, BooleanSupplier ready) throws InterruptedException {
    return await(nanos, ready, WaitPoint::forNobody);
  }

  /** What others wait for is not there where what this process waits for is not. */
  private static boolean forNobody() {
    return false;
  }

  /**
   * Waits as {@link #await(long, BooleanSupplier)} does, where others may wait here for less.
   *
   * @param others may be true only if what another one waits for may be there; as quick
   */
  boolean await(long nanos, BooleanSupplier ready, BooleanSupplier others)
      throws InterruptedException {
    try {
      for (int i = 0; i <= SPINS; i++) {
        if (ready.getAsBoolean()) {
          return true;
        }
        Thread.onSpinWait();
      }
      return nanos > 0 && sleep(nanos, ready, others);
    } catch (IllegalStateException e) {
      throw region.explained(e); // its memory went at any moment, and says so in its own words
    }
  }

  private boolean sleep(long nanos, BooleanSupplier ready, BooleanSupplier others)
      throws InterruptedException {
    MemorySegment memory = region.segment();
    Bell bell = region.bell();
    int seat = bell.seat();
    long began = System.nanoTime();
    boolean holds = false;
    Sleeper self = bell.add(region.keyOf(at));
    begin();
    try {
      while (true) {
        region.requireOpen();
        boolean rung = announce(memory, seat);
        if (ready.getAsBoolean()) {
          holds = true;
          return true;
        }
        if (rung && others.getAsBoolean()) {
          ringBehind(seat);
        }
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while waiting for a shared object");
        }
        long left = nanos == Mutex.FOR_EVER ? nanos : nanos - (System.nanoTime() - began);
        if (left <= 0) {
          return false;
        }
        bell.await(self, this, left);
      }
    } finally {
      bell.remove(self);
      end(memory, seat);
      // A ring for this process may have come, and another process may sleep on for it.
      if (!holds && region.isOpen() && (ready.getAsBoolean() || others.getAsBoolean())) {
        ringOne();
      }
    }
  }

  /**
   * Wakes another process for which there may be what this one, which was rung, cannot use. Those
   * in seats before this one's were rung before it, or have looked since: rings begin with the
   * first seat. So the ring comes to everybody at most once.
   */
  private void ringBehind(int seat) {
    WaitBits.ringOneAfter(region, at + BITS, seat);
  }

  private synchronized void begin() {
    waiting++;
  }

  /**
   * Sets the process's bit; returns whether it was rung since it was set: then the calling thread
   * sees to that ring.
   */
  private synchronized boolean announce(MemorySegment memory, int seat) {
    boolean wasSet = announced;
    announced = true;
    boolean changed = WaitBits.set(memory, at + BITS, seat);
    if (hint != 0) {
      Region.LONG.setVolatile(memory, hint, 1L);
    }
    return wasSet && changed;
  }

  /** Clears the bit with the last thread of this process: a ring would wake none, and be lost. */
  private synchronized void end(MemorySegment memory, int seat) {
    if (--waiting == 0) {
      announced = false;
      if (region.isOpen()) {
        boolean _ = WaitBits.clear(memory, at + BITS, seat);
      }
    }
  }
}
