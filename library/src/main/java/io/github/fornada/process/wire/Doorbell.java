package io.github.fornada.process.wire;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Wakes a reader that has gone to sleep over an empty ring, by a frame through the control channel;
 * an idle pool costs nothing.
 *
 * <p>A reader that is about to sleep sets its flag and then looks at the ring once more; a writer
 * publishes and then looks at the flag. With a full fence between the two steps on either side at
 * least one of them sees the other (Dekker's argument), so no wake-up is lost.
 *
 * <p>Neither side touches a channel itself: a thread that runs the user's code may be interrupted
 * at any time, and an interrupt closes a channel that is in use.
 */
public final class Doorbell {
  private static final int SPINS = 300; // Guess: some 10 us
  private static final int YIELDS = 5; // Guess

  /**
   * A wait that was shorter than this could have ended without sleep, if it had spun: most of it
   * may be what it takes to be woken, on a slow machine some 200 us.
   */
  private static final long WORTH_SPINNING_NANOS = 1_500_000; // Guess

  /** After this number of long waits in a row, spinning only takes a processor from the tasks. */
  private static final int MAX_LONG_WAITS = 3;

  private final MemorySegment header;
  private final long ownFlag;
  private final long peerFlag;
  private final Runnable ringer;

  /** Waits in a row that were not worth spinning for. Reader's thread only. */
  private int longWaits;

  /** The reader, while it sleeps. Written by it. */
  private volatile @Nullable Thread sleeper;

  /** Whether the other side is gone. Set once, by the control thread. */
  private volatile boolean closed;

  private Doorbell(MemorySegment header, long ownFlag, long peerFlag, Runnable ringer) {
    this.header = header;
    this.ownFlag = ownFlag;
    this.peerFlag = peerFlag;
    this.ringer = ringer;
  }

  /** The parent's end; the ringer sends a frame and does not wait. */
  public static Doorbell ofParent(MemorySegment header, Runnable ringer) {
    return new Doorbell(header, Segment.PARENT_WAITS, Segment.WORKER_WAITS, ringer);
  }

  /** The worker's end. */
  public static Doorbell ofWorker(MemorySegment header, Runnable ringer) {
    return new Doorbell(header, Segment.WORKER_WAITS, Segment.PARENT_WAITS, ringer);
  }

  /** Waits until the ring has a message; false if the other side is gone. One thread only. */
  @SuppressWarnings("ThreadPriorityCheck") // a hint before sleeping; nothing depends on it
  public boolean await(RingReader ring) {
    if (ring.isReady()) {
      return true;
    }
    if (longWaits < MAX_LONG_WAITS) {
      for (int i = 0; i < SPINS; i++) {
        Thread.onSpinWait();
        if (ring.isReady()) {
          return true;
        }
      }
      for (int i = 0; i < YIELDS; i++) {
        Thread.yield();
        if (ring.isReady()) {
          return true;
        }
      }
    }
    if (ring.isAnythingThere()) {
      return true; // without the flag, which a writer at work would take for a sleeper's
    }
    long began = System.nanoTime();
    boolean ready = sleep(ring);
    boolean wasLong = System.nanoTime() - began > WORTH_SPINNING_NANOS;
    longWaits = wasLong ? Math.min(longWaits + 1, MAX_LONG_WAITS) : 0;
    return ready;
  }

  private boolean sleep(RingReader ring) {
    sleeper = Thread.currentThread();
    try {
      while (true) {
        Segment.LONG.setVolatile(header, ownFlag, 1L);
        VarHandle.fullFence();
        if (isAnythingThere(ring)) {
          Segment.LONG.setVolatile(header, ownFlag, 0L);
          return true;
        }
        if (closed) {
          return false;
        }
        LockSupport.park(this);
        // An interrupt has no meaning here, and would make every further park return at once.
        var _ = Thread.interrupted();
      }
    } finally {
      sleeper = null;
    }
  }

  /** Somebody else looks at the ring for a while: the reader need not be woken. */
  public void pause() {
    Segment.LONG.setVolatile(header, ownFlag, 0L);
  }

  /** Ends a pause. True if there is a message that came in it, for which nobody was woken. */
  public boolean resume(RingReader ring) {
    Segment.LONG.setVolatile(header, ownFlag, 1L);
    VarHandle.fullFence();
    return isAnythingThere(ring);
  }

  /** The sleeper's look at the ring, after it has set its flag. */
  private boolean isAnythingThere(RingReader ring) {
    // Volatile: pairs with the claim between what a worker keeps in its ring and its look at the
    // flag, so that one of the two sees the other here too.
    var _ = (long) Segment.LONG.getVolatile(header, Segment.CLAIM);
    return ring.isAnythingThere();
  }

  /** Wakes the other side if it sleeps. To be called after publishing. */
  public void ring() {
    VarHandle.fullFence();
    if (isAwaited() && Segment.LONG.compareAndSet(header, peerFlag, 1L, 0L)) {
      ringer.run();
    }
  }

  /**
   * Whether the other side sleeps. To be asked after a claim: a sleeper that is missed then sees
   * what was kept in the ring before that claim.
   */
  public boolean isAwaited() {
    return (long) Segment.LONG.getVolatile(header, peerFlag) == 1L;
  }

  /** The other side has rung. Called by the control thread. */
  public void rang() {
    LockSupport.unpark(sleeper);
  }

  /** The other side is gone. Called by the control thread. */
  public void close() {
    closed = true;
    LockSupport.unpark(sleeper);
  }
}
