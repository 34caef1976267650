package io.github.fornada.process.wire;

import java.lang.foreign.MemorySegment;

/**
 * A twin of {@link Doorbell}'s sleeper that must be caught: it looks at the ring once more before it
 * says that it sleeps, where the other way round is right.
 */
final class HastySleeper {
  private final MemorySegment header;

  HastySleeper(MemorySegment header) {
    this.header = header;
  }

  /** As {@link Doorbell#resume}. */
  boolean resume(RingReader ring) {
    boolean ready = ring.isReady();
    Segment.LONG.setVolatile(header, Segment.WORKER_WAITS, 1L);
    return ready;
  }
}
