package io.github.fornada.process.wire;

import java.nio.ByteBuffer;

/**
 * A twin of {@link RingWriter} that must be caught: it publishes the message before it is written.
 */
final class EarlyWriter {
  private final ByteBuffer header;
  private final ByteBuffer ring;
  private long tail;

  EarlyWriter(ByteBuffer header, ByteBuffer ring) {
    this.header = header;
    this.ring = ring;
  }

  void write(int type, byte[] body) {
    int at = (int) tail;
    tail += RingWriter.sizeOf(body.length);
    Segment.LONG.setRelease(header, Segment.TO_WORKER_TAIL, tail);
    ring.putInt(at, body.length);
    ring.putInt(at + 4, type);
    ring.put(at + 8, body);
  }
}
