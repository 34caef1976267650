package io.github.fornada.process.wire;

import java.nio.ByteBuffer;

/**
 * The reading end of a ring; see {@link RingWriter}. Everything that the writer may have written
 * there is checked.
 */
public final class RingReader {
  private final ByteBuffer header;
  private final ByteBuffer ring;
  private final int tailAt;
  private final int writtenAt;
  private final int headAt;

  private long head;
  private long tail;
  private int type;
  private int length;
  private byte[] body = new byte[1024];

  RingReader(ByteBuffer header, ByteBuffer ring, int tailAt, int headAt) {
    this(header, ring, tailAt, tailAt, headAt);
  }

  RingReader(ByteBuffer header, ByteBuffer ring, int tailAt, int writtenAt, int headAt) {
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
      int at = (int) (head & (Segment.RING - 1));
      length = ring.getInt(at);
      type = ring.getInt(at + 4);
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
            RingWriter.WORD.set(body, k, ring.getLong(at + 8 + k));
          }
        } else {
          ring.get(at + 8, body, 0, length);
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
    return poll() && ring.getInt((int) (head & (Segment.RING - 1)) + 4) == wanted && next();
  }

  public int type() {
    return type;
  }

  /** Returns the body of the message; valid until the next one is read. */
  public MessageInput body() {
    return new MessageInput(body, 0, length);
  }
}
