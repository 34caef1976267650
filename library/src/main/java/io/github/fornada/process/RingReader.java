package io.github.fornada.process;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The reading end of a ring; see {@link RingWriter}. Nothing the writer may have put there is
 * trusted.
 */
final class RingReader {
  private final MemorySegment header;
  private final MemorySegment ring;
  private final long tailAt;
  private final long headAt;

  private long head;
  private long tail;
  private int type;
  private int length;
  private byte[] body = new byte[1024];

  RingReader(MemorySegment header, MemorySegment ring, long tailAt, long headAt) {
    this.header = header;
    this.ring = ring;
    this.tailAt = tailAt;
    this.headAt = headAt;
  }

  /** Whether a message is there. */
  boolean isReady() {
    // Acquire: pairs with the writer's release in publish.
    return head != tail || head != (long) Segment.LONG.getAcquire(header, tailAt);
  }

  /**
   * Reads the next message, if there is one, into {@link #body}, and gives its room back.
   *
   * @throws CorruptFrameException if the writer has put nonsense there
   */
  boolean next() throws CorruptFrameException {
    while (look()) {
      long at = head & (Segment.RING - 1);
      length = ring.get(ValueLayout.JAVA_INT, at);
      type = ring.get(ValueLayout.JAVA_INT, at + 4);
      long room = Math.min(tail - head, Segment.RING - at);
      if (length < 0 || RingWriter.sizeOf(length) > room) {
        throw new CorruptFrameException("message of " + length + " bytes where " + room + " fit");
      }
      boolean padding = type == RingWriter.PADDING;
      if (!padding) {
        if (length > RingWriter.LONGEST) {
          throw new CorruptFrameException("message of " + length + " bytes");
        }
        if (body.length < length) {
          body = new byte[Math.max(length, body.length * 2)];
        }
        if (length <= RingWriter.FEW) {
          for (int k = 0; k < length; k += Long.BYTES) {
            RingWriter.WORD.set(body, k, ring.get(ValueLayout.JAVA_LONG, at + 8 + k));
          }
        } else {
          // Not the copy that takes an array: it finds out the array's type by a switch that
          // generates
          // a class when it is first met, some 20 ms of a worker's start, and of its parent's.
          MemorySegment.copy(ring, at + 8, MemorySegment.ofArray(body), 0, length);
        }
      }
      head += RingWriter.sizeOf(length);
      // Release: pairs with the writer's acquire when it looks for room; the copy is complete.
      Segment.LONG.setRelease(header, headAt, head);
      if (!padding) {
        return true;
      }
    }
    return false;
  }

  /** Whether a message or padding is there. */
  private boolean look() throws CorruptFrameException {
    if (head == tail) {
      tail = (long) Segment.LONG.getAcquire(header, tailAt); // as in isReady
      if (tail < head || tail - head > Segment.RING || (tail & 7) != 0) {
        throw new CorruptFrameException("ring position " + tail + " after " + head);
      }
    }
    return head != tail;
  }

  /** Reads the next message if it is there and of this type. It may be missed after padding. */
  boolean nextIs(int wanted) throws CorruptFrameException {
    return look()
        && ring.get(ValueLayout.JAVA_INT, (head & (Segment.RING - 1)) + 4) == wanted
        && next();
  }

  int type() {
    return type;
  }

  /** The body of the message; valid until the next one. */
  Input body() {
    return new Input(body, 0, length);
  }
}
