package io.github.fornada.process.wire;

import io.github.fornada.checkers.Lincheck;
import java.nio.ByteBuffer;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A ring is a queue: messages arrive whole, in order, and each once. */
class RingLincheckTest {
  @BeforeAll
  static void define() {
    Lincheck.shares(RingLincheckTest.class, "RingWriter", "RingReader", "EarlyWriter");
  }

  @Test
  void aRingIsAQueue() {
    Lincheck.holds(Ring.class);
  }

  @Test
  void aWriterThatShowsAMessageBeforeItIsThereIsCaught() {
    Lincheck.caught(EarlyRing.class);
  }

  /** The reading side; each message has its number twice, as its type and in its body. */
  private static final class Reading {
    private final RingReader reader;

    Reading(ByteBuffer header, ByteBuffer ring) {
      reader = new RingReader(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    }

    /** Returns the number of the next message, 0 if there is none, or -1 if it is not whole. */
    int read() {
      try {
        if (!reader.next()) {
          return 0;
        }
        return reader.body().getByte() == reader.type() ? reader.type() : -1;
      } catch (CorruptFrameException e) {
        return -1;
      }
    }
  }

  public static final class Ring {
    private final ByteBuffer header = Memory.piece();
    private final ByteBuffer ring = Memory.piece();
    private final RingWriter writer =
        new RingWriter(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    private final Reading reading = new Reading(header, ring);
    private int written;

    @Operation(nonParallelGroup = "writer")
    public boolean write() {
      written++;
      boolean wrote = writer.tryWrite(written, new byte[] {(byte) written}, 1);
      writer.publish();
      return wrote;
    }

    @Operation(nonParallelGroup = "reader")
    public int read() {
      return reading.read();
    }
  }

  public static final class EarlyRing {
    private final ByteBuffer header = Memory.piece();
    private final ByteBuffer ring = Memory.piece();
    private final EarlyWriter writer = new EarlyWriter(header, ring);
    private final Reading reading = new Reading(header, ring);
    private int written;

    @Operation(nonParallelGroup = "writer")
    public boolean write() {
      written++;
      writer.write(written, new byte[] {(byte) written});
      return true;
    }

    @Operation(nonParallelGroup = "reader")
    public int read() {
      return reading.read();
    }
  }
}
