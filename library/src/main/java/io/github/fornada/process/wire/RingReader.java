package io.github.fornada.process.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The reading end of a ring; see {@link RingWriter}. Nothing the writer may have put there is
 * trusted.
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

  /** Whether a message is shown. */
  public boolean isReady() {
    // Acquire: pairs with the writer's release in publish. The head may be ahead of it.
    return head != tail || head < (long) Segment.LONG.getAcquire(header, tailAt);
  }

  /** Whether a message is there, shown or not, or nonsense; to be asked before sleeping. */
  boolean isAnythingThere() {
    // Acquire: pairs with the writer's release in keep.
    if (head != tail || head != (long) Segment.LONG.getAcquire(header, writtenAt)) {
      return true;
    }
    long shown = (long) Segment.LONG.getAcquire(header, tailAt); // as in isReady
    return head < shown || isTooFarBack(shown);
  }

  /** Whether a tail tells of less than has been read, and not only of what was not shown yet. */
  private boolean isTooFarBack(long shown) {
    return shown < (writtenAt == tailAt ? head : Math.max(0, head - Segment.RING));
  }

  /** From now on {@link #next} finds all that is there now, shown or not. */
  public void lookClosely() throws CorruptFrameException {
    tail = checked((long) Segment.LONG.getAcquire(header, writtenAt)); // as above
  }

  /**
   * Reads the next message, if there is one, into {@link #body}, and gives its room back.
   *
   * @throws CorruptFrameException if the writer has put nonsense there
   */
  public boolean next() throws CorruptFrameException {
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
          // Not the copy that takes an array: it finds out the array's type by a switch, for which
          // a class is generated at first use: some 20 ms of a worker's start, and its parent's.
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
      long shown = (long) Segment.LONG.getAcquire(header, tailAt); // as in isReady
      if (shown > head) {
        tail = checked(shown);
      } else if (isTooFarBack(shown)) {
        throw nonsense(shown);
      }
    }
    return head != tail;
  }

  private long checked(long position) throws CorruptFrameException {
    if (position < head || position - head > Segment.RING || (position & 7) != 0) {
      throw nonsense(position);
    }
    return position;
  }

  private CorruptFrameException nonsense(long position) {
    return new CorruptFrameException("ring position " + position + " after " + head);
  }

  /** Reads the next message if it is there and of this type. It may be missed after padding. */
  public boolean nextIs(int wanted) throws CorruptFrameException {
    return look()
        && ring.get(ValueLayout.JAVA_INT, (head & (Segment.RING - 1)) + 4) == wanted
        && next();
  }

  public int type() {
    return type;
  }

  /** The body of the message; valid until the next one. */
  public MessageInput body() {
    return new MessageInput(body, 0, length);
  }
}
