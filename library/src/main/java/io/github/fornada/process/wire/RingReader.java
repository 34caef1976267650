package io.github.fornada.process.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The reading end of a ring; see {@link RingWriter}. Everything that the writer may have written
 * there is checked.
 */
public final class RingReader {
  private final MemorySegment header;
  private final MemorySegment ring;
  private final long tailAt;
  private final long writtenAt;
  private final long headAt;

  private long head;
  private long tail;
  private int type;
  private int length;
  private byte[] body = new byte[1024];

  RingReader(MemorySegment header, MemorySegment ring, long tailAt, long headAt) {
    this(header, ring, tailAt, tailAt, headAt);
  }

  RingReader(MemorySegment header, MemorySegment ring, long tailAt, long writtenAt, long headAt) {
    this.header = header;
    this.ring = ring;
    this.tailAt = tailAt;
    this.writtenAt = writtenAt;
    this.headAt = headAt;
  }

  /** Returns whether a message is published. */
  public boolean isReady() {
    // Acquire: pairs with the writer's release in publish. The head may be ahead of the published
    // position.
    return head != tail || head < (long) Segment.LONG.getAcquire(header, tailAt);
  }

  /**
   * Returns whether there is a message, published or not, or invalid data. Must be called before
   * sleeping.
   */
  boolean isAnythingThere() {
    // Acquire: pairs with the writer's release in keep.
    if (head != tail || head != (long) Segment.LONG.getAcquire(header, writtenAt)) {
      return true;
    }
    long shown = (long) Segment.LONG.getAcquire(header, tailAt); // as in isReady
    return head < shown || isTooFarBack(shown);
  }

  /**
   * Returns whether a published position is invalid: before what was read, by more than messages
   * that are not published yet can explain.
   */
  private boolean isTooFarBack(long shown) {
    return shown < (writtenAt == tailAt ? head : Math.max(0, head - Segment.RING));
  }

  /** Makes {@link #next} find every message that is written by now, published or not. */
  public void pollWritten() throws CorruptFrameException {
    tail = checked((long) Segment.LONG.getAcquire(header, writtenAt)); // as above
  }

  /**
   * Reads the next message, if there is one, into {@link #body}, and frees its room.
   *
   * @throws CorruptFrameException if the writer has written invalid data
   */
  public boolean next() throws CorruptFrameException {
    while (poll()) {
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
          // Not the copy method that takes an array: it determines the array's type by a switch,
          // for which a class is generated at first use. That costs about 20 ms of a worker's
          // start, and of its parent's.
          MemorySegment.copy(ring, at + 8, MemorySegment.ofArray(body), 0, length);
        }
      }
      head += RingWriter.sizeOf(length);
      // Release: pairs with the writer's acquire when it checks for room; the copy is then
      // complete.
      Segment.LONG.setRelease(header, headAt, head);
      if (!padding) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether there is a message or padding to read. */
  private boolean poll() throws CorruptFrameException {
    if (head == tail) {
      long shown = (long) Segment.LONG.getAcquire(header, tailAt); // as in isReady
      if (shown > head) {
        tail = checked(shown);
      } else if (isTooFarBack(shown)) {
        throw invalidPosition(shown);
      }
    }
    return head != tail;
  }

  private long checked(long position) throws CorruptFrameException {
    if (position < head || position - head > Segment.RING || (position & 7) != 0) {
      throw invalidPosition(position);
    }
    return position;
  }

  private CorruptFrameException invalidPosition(long position) {
    return new CorruptFrameException("ring position " + position + " after " + head);
  }

  /**
   * Reads the next message if there is one and it has this type. A message behind padding may be
   * missed.
   */
  public boolean nextIs(int wanted) throws CorruptFrameException {
    return poll()
        && ring.get(ValueLayout.JAVA_INT, (head & (Segment.RING - 1)) + 4) == wanted
        && next();
  }

  public int type() {
    return type;
  }

  /** Returns the body of the message; valid until the next one is read. */
  public MessageInput body() {
    return new MessageInput(body, 0, length);
  }
}
