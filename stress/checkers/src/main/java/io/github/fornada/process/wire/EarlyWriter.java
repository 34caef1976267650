package io.github.fornada.process.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A twin of {@link RingWriter} that must be caught: it publishes the message before it is written.
 */
final class EarlyWriter {
  private final MemorySegment header;
  private final MemorySegment ring;
  private long tail;

  EarlyWriter(MemorySegment header, MemorySegment ring) {
    this.header = header;
    this.ring = ring;
  }

  void write(int type, byte[] body) {
    long at = tail;
    tail += RingWriter.sizeOf(body.length);
    Segment.LONG.setRelease(header, Segment.TO_WORKER_TAIL, tail);
    ring.set(ValueLayout.JAVA_INT, at, body.length);
    ring.set(ValueLayout.JAVA_INT, at + 4, type);
    MemorySegment.copy(body, 0, ring, ValueLayout.JAVA_BYTE, at + 8, body.length);
  }
}
