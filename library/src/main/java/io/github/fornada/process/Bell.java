package io.github.fornada.process;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Wakes a reader that has gone to sleep over an empty ring, by one byte through a socket; and tells
 * it when the other side is gone, by the end of that stream. An idle pool costs nothing.
 *
 * <p>A reader that is about to sleep sets its flag and then looks at the ring once more; a writer
 * publishes and then looks at the flag. With a full fence between the two steps on either side at
 * least one of them sees the other (Dekker's argument), so no wake-up is lost.
 */
final class Bell implements AutoCloseable {
  private static final int SPINS = 300; // Guess: some 10 us
  private static final int YIELDS = 5; // Guess

  private final SocketChannel channel;
  private final MemorySegment header;
  private final long ownFlag;
  private final long peerFlag;
  private final ByteBuffer in = ByteBuffer.allocateDirect(16);
  private final ByteBuffer out = ByteBuffer.allocateDirect(1);

  private Bell(SocketChannel channel, MemorySegment header, long ownFlag, long peerFlag) {
    this.channel = channel;
    this.header = header;
    this.ownFlag = ownFlag;
    this.peerFlag = peerFlag;
  }

  static Bell ofParent(SocketChannel channel, MemorySegment header) {
    return new Bell(channel, header, Segment.PARENT_WAITS, Segment.WORKER_WAITS);
  }

  static Bell ofWorker(SocketChannel channel, MemorySegment header) {
    return new Bell(channel, header, Segment.WORKER_WAITS, Segment.PARENT_WAITS);
  }

  /** Waits until the ring has a message; false if the other side is gone. One thread only. */
  @SuppressWarnings("ThreadPriorityCheck") // a hint before sleeping; nothing depends on it
  boolean await(RingReader ring) throws IOException {
    for (int i = 0; i < SPINS; i++) {
      if (ring.isReady()) {
        return true;
      }
      Thread.onSpinWait();
    }
    for (int i = 0; i < YIELDS; i++) {
      Thread.yield();
      if (ring.isReady()) {
        return true;
      }
    }
    while (true) {
      Segment.LONG.setVolatile(header, ownFlag, 1L);
      VarHandle.fullFence();
      if (ring.isReady()) {
        // If the flag is down already, a byte is on its way; the next sleep wakes up for nothing.
        Segment.LONG.compareAndSet(header, ownFlag, 1L, 0L);
        return true;
      }
      in.clear();
      if (channel.read(in) < 0) {
        return false;
      }
    }
  }

  /** Wakes the other side if it sleeps. To be called after publishing. */
  void ring() throws IOException {
    VarHandle.fullFence();
    if ((long) Segment.LONG.getVolatile(header, peerFlag) == 1L
        && Segment.LONG.compareAndSet(header, peerFlag, 1L, 0L)) {
      synchronized (out) {
        out.clear();
        while (out.hasRemaining()) {
          channel.write(out);
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
