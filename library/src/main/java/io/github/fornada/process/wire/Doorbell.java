package io.github.fornada.process.wire;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Wakes a reader that has gone to sleep over an empty ring; an idle pool costs nothing. The reader
 * sleeps in a {@linkplain BellFifo FIFO}. Where there is none, a frame through the control channel
 * wakes it, by way of two more threads.
 *
 * <p>A reader that is about to sleep sets its flag and then checks the ring once more; a writer
 * publishes and then reads the flag. With a full fence between the two steps on either side at
 * least one of them sees the other (Dekker's argument), so no wake-up is lost.
 *
 * <p>Neither side touches a channel itself: a thread that runs the user's code may be interrupted
 * at any time, and an interrupt closes a channel that is in use.
 *
 * <p>A reader that sets its flag, and then finds something, leaves the byte that it may have been
 * rung with in the FIFO; its next sleep takes it. So that nobody ever waits for room in there, it
 * takes them as well when there may be {@link #MAX_UNHEARD}.
 */
public final class Doorbell {
  private static final int SPINS = 300; // Guess: about 10 us
  private static final int YIELDS = 5; // Guess

  /**
   * After a wait that was shorter than this, spinning would probably have made sleep unnecessary:
   * most of such a wait may be the time to be woken, about 200 us on a slow machine.
   */
  private static final long WORTH_SPINNING_NANOS = 1_500_000; // Guess

  /**
   * After this number of long waits in a row the reader does not spin, because that would only take
   * a processor from the tasks.
   */
  private static final int MAX_LONG_WAITS = 3;

  /** Fewer than a FIFO holds, with those that come while they are taken. */
  private static final int MAX_UNHEARD = BellFifo.CAPACITY / 4;

  /** Between two looks of a reader that has stepped aside. */
  private static final long POLL_NANOS = 1_000_000; // Guess

  private final ByteBuffer header;
  private final int ownFlag;
  private final int peerFlag;
  private final Runnable ringer;

  /** Where the reader sleeps; null if it is woken by {@link #rang}. */
  private final @Nullable BellFifo bell;

  /** No fewer than the bytes in the FIFO that no sleep has taken. */
  private final AtomicInteger unheard = new AtomicInteger();

  /** The number of waits in a row that were too long for spinning to pay. Reader's thread only. */
  private int longWaits;

  /** The reader, while it sleeps. Written by it. */
  private volatile @Nullable Thread sleeper;

  /** Whether the other side is gone. Set once, by the control thread. */
  private volatile boolean closed;

  /** Whether the reader looks now and then, and does not sleep in native code. */
  private volatile boolean aside;

  private Doorbell(
      ByteBuffer header, int ownFlag, int peerFlag, Runnable ringer, @Nullable BellFifo bell) {
    this.header = header;
    this.ownFlag = ownFlag;
    this.peerFlag = peerFlag;
    this.ringer = ringer;
    this.bell = bell;
  }

  /**
   * Returns the parent's end.
   *
   * @param ringer wakes the other side, and does not wait
   * @param bell where this side sleeps; null if it is woken by {@link #rang}
   */
  public static Doorbell ofParent(ByteBuffer header, Runnable ringer, @Nullable BellFifo bell) {
    return new Doorbell(header, Segment.PARENT_WAITS, Segment.WORKER_WAITS, ringer, bell);
  }

  /** Returns the worker's end, as {@link #ofParent}. */
  public static Doorbell ofWorker(ByteBuffer header, Runnable ringer, @Nullable BellFifo bell) {
    return new Doorbell(header, Segment.WORKER_WAITS, Segment.PARENT_WAITS, ringer, bell);
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
      // the flag was not set, so a busy writer does not take this reader for a sleeping one
      return true;
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
          if (bell != null && unheard.incrementAndGet() >= MAX_UNHEARD && bell.ring()) {
            hear(bell); // finds one byte at least, the one just written
          }
          return true;
        }
        if (closed) {
          return false;
        }
        if (bell == null) {
          LockSupport.park(this);
        } else if (aside) {
          LockSupport.parkNanos(POLL_NANOS);
        } else {
          hear(bell);
        }
        // An interrupt has no meaning here. With its flag set, every further park would return at
        // once.
        var _ = Thread.interrupted();
      }
    } finally {
      sleeper = null;
    }
  }

  private void hear(BellFifo from) {
    from.await();
    unheard.set(0);
  }

  /** Called when another thread reads the ring for a while: the reader need not be woken. */
  public void pause() {
    Segment.LONG.setVolatile(header, ownFlag, 0L);
  }

  /**
   * Ends a pause. Returns true if a message arrived in the pause, for which no thread was woken.
   */
  public boolean resume(RingReader ring) {
    Segment.LONG.setVolatile(header, ownFlag, 1L);
    VarHandle.fullFence();
    if (bell != null && unheard.incrementAndGet() >= MAX_UNHEARD) {
      var _ = bell.ring(); // the reader, who sleeps there, takes them
    }
    return isAnythingThere(ring);
  }

  /**
   * Returns whether the ring has anything to read. Called by the reader after it has set its flag.
   */
  private boolean isAnythingThere(RingReader ring) {
    // Volatile: pairs with the claim that a worker makes after it keeps a result in its ring and
    // before it reads the flag. So here too one of the two sees the other.
    var _ = (long) Segment.LONG.getVolatile(header, Segment.CLAIM);
    return ring.isAnythingThere();
  }

  /** Wakes the other side if it sleeps. Must be called after publishing. */
  public void ring() {
    VarHandle.fullFence();
    if (isAwaited() && Segment.LONG.compareAndSet(header, peerFlag, 1L, 0L)) {
      ringer.run();
    }
  }

  /**
   * Returns whether the other side sleeps. Must be called after a claim: a sleeper that this misses
   * will see what was kept in the ring before that claim.
   */
  public boolean isAwaited() {
    return (long) Segment.LONG.getVolatile(header, peerFlag) == 1L;
  }

  /** Called by the control thread when the other side has rung there. */
  public void rang() {
    wake();
  }

  /** Called by the control thread when the other side is gone. */
  public void close() {
    closed = true;
    wake();
  }

  /**
   * From now on the reader does not sleep in native code; for a process that is about to exit, as
   * {@link ControlChannel#stepAside}. Any thread.
   */
  public void stepAside() {
    aside = true;
    wake();
  }

  private void wake() {
    if (bell == null || !bell.ring()) {
      LockSupport.unpark(sleeper);
    }
  }
}
