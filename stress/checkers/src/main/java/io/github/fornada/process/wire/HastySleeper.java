package io.github.fornada.process.wire;

import java.nio.ByteBuffer;

/**
 * A twin of {@link Doorbell}'s sleeper that must be caught: it checks the ring once more before it
 * sets its flag; the opposite order is correct.
 */
final class HastySleeper {
  private final ByteBuffer header;

  HastySleeper(ByteBuffer header) {
    this.header = header;
  }

  /** Does what {@link Doorbell#resume} does, in the wrong order. */
  boolean resume(RingReader ring) {
    boolean ready = ring.isReady();
    Segment.LONG.setVolatile(header, Segment.WORKER_WAITS, 1L);
    return ready;
  }
}
