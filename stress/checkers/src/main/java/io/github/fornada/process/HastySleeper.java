package io.github.fornada.process;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A twin of {@link Bell}'s sleeper that must be caught: it looks at the ring once more before it
 * says that it sleeps, where the other way round is right.
 */
final class HastySleeper {
  private final MemorySegment header;
  private volatile @Nullable Thread sleeper;

  HastySleeper(MemorySegment header) {
    this.header = header;
  }

  void await(RingReader ring) {
    sleeper = Thread.currentThread();
    while (!ring.isReady()) {
      Segment.LONG.setVolatile(header, Segment.WORKER_WAITS, 1L);
      LockSupport.park(this);
    }
  }

  void rang() {
    LockSupport.unpark(sleeper);
  }
}
