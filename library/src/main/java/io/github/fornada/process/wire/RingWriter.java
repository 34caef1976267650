package io.github.fornada.process.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The writing end of a ring of messages in shared memory, for one writer at a time and one reader.
 *
 * <p>A message is a header of eight bytes (length, type) and a body, padded to eight bytes, always
 * in one piece: where it would not fit before the end of the ring, a padding message fills the
 * rest. Positions only grow; their place in the ring is the position modulo its size.
 *
 * <p>There may be two positions up to which the reader may read. A writer of many small messages
 * updates the <em>written</em> position with each of them ({@link #keep}), so that none is lost
 * when it dies. It updates the <em>published</em> position, which a busy reader polls, only now and
 * then ({@link #publish}): otherwise that cache line would move between the processors for every
 * message. A reader checks the written position before it goes to sleep.
 *
 * <p>The design is the classical single-producer single-consumer queue of Lamport ("Specifying
 * concurrent program modules", 1983), with the peer's position cached as in FastForward and
 * MCRingBuffer.
 */
public final class RingWriter {
  static final int PADDING = 0;
  private static final int MESSAGE_HEADER = 8;

  /**
   * Up to this many bytes are copied faster word by word, padding included, than by a bulk copy.
   */
  static final int FEW = 32; // Guess

  static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  /** Longest body of a message, in bytes; larger payloads go through a file. */
  public static final int LONGEST = (int) (Segment.RING / 8);

  private final ByteBuffer header;
  private final ByteBuffer ring;
  private final int tailAt;
  private final int writtenAt;
  private final int headAt;

  /** The position of the next message; ahead of the shared position until {@link #publish}. */
  private long tail;

  /** The reader's position as last seen. */
  private long head;

  /** Creates a writer with one position only. */
  RingWriter(ByteBuffer header, ByteBuffer ring, int tailAt, int headAt) {
    this(header, ring, tailAt, tailAt, headAt);
  }

  /**
   * @param writtenAt the offset of the written position, which a reader checks before it sleeps
   */
  RingWriter(ByteBuffer header, ByteBuffer ring, int tailAt, int writtenAt, int headAt) {
    this.header = header;
    this.ring = ring;
    this.tailAt = tailAt;
    this.writtenAt = writtenAt;
    this.headAt = headAt;
  }

  static long sizeOf(int length) {
    return MESSAGE_HEADER + ((length + 7L) & ~7L);
  }

  /**
   * Writes a message that the reader does not see before {@link #publish}; returns false if the
   * ring is full.
   */
  public boolean tryWrite(int type, byte[] body, int length) {
    return tryWrite(type, body, 0, length);
  }

  /**
   * Writes a message whose body begins at {@code from} in its array; returns false if the ring has
   * no room.
   */
  public boolean tryWrite(int type, byte[] body, int from, int length) {
    if (length > LONGEST) {
      throw new IllegalArgumentException("message of " + length + " bytes, at most " + LONGEST);
    }
    long size = sizeOf(length);
    int at = (int) (tail & (Segment.RING - 1));
    long toEnd = Segment.RING - at;
    long needed = size <= toEnd ? size : toEnd + size;
    if (tail + needed - head > Segment.RING) {
      // Acquire: pairs with the reader's release of its position; what it has read may be
      // overwritten.
      head = (long) Segment.LONG.getAcquire(header, headAt);
      if (tail + needed - head > Segment.RING) {
        return false;
      }
    }
    if (size > toEnd) {
      ring.putInt(at, (int) (toEnd - MESSAGE_HEADER));
      ring.putInt(at + 4, PADDING);
      tail += toEnd;
      at = 0;
    }
    ring.putInt(at, length);
    ring.putInt(at + 4, type);
    if (length <= FEW && from + FEW <= body.length) {
      for (int k = 0; k < length; k += Long.BYTES) {
        ring.putLong(at + MESSAGE_HEADER + k, (long) WORD.get(body, from + k));
      }
    } else {
      ring.put(at + MESSAGE_HEADER, body, from, length);
    }
    tail += size;
    return true;
  }

  /**
   * Returns the length of the longest body that there is room for now; negative if there is room
   * for none.
   */
  public int room() {
    head = (long) Segment.LONG.getAcquire(header, headAt); // as in tryWrite
    long free = Segment.RING - (tail - head);
    long toEnd = Segment.RING - (tail & (Segment.RING - 1));
    long piece = free <= toEnd ? free : Math.max(toEnd, free - toEnd);
    return (int) Math.min(LONGEST, piece - MESSAGE_HEADER);
  }

  /** Publishes everything written so far to the reader. */
  public void publish() {
    if (writtenAt != tailAt) {
      keep(); // first, because a reader relies on the tail not being ahead of the written position
    }
    // Release: pairs with the reader's acquire of the tail; the messages are there when it is seen.
    Segment.LONG.setRelease(header, tailAt, tail);
  }

  /**
   * Makes everything written so far visible to {@link RingReader#pollWritten}, which a reader calls
   * before it sleeps.
   */
  public void keep() {
    // Release: as above; pairs with the reader's acquire in pollWritten.
    Segment.LONG.setRelease(header, writtenAt, tail);
  }
}
