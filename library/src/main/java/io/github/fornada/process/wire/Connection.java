package io.github.fornada.process.wire;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The bytes of a control channel in both directions. One thread reads, and one writes. */
public interface Connection extends Closeable {
  /**
   * Reads what is there. Waits for at least one byte, unless {@link #stepAside} was called.
   *
   * @return the number of bytes; -1 at the end of the stream; 0 if there is nothing and this does
   *     not wait
   */
  int read(ByteBuffer into) throws IOException;

  /**
   * Writes as much as there is room for.
   *
   * @return the number of bytes; 0 if there is no room and this does not wait
   * @throws IOException if the other side is gone
   */
  int write(ByteBuffer from) throws IOException;

  /** Returns where this process sleeps and is woken; null if that goes through the channel too. */
  default @Nullable Bells bells() {
    return null;
  }

  /**
   * FIFOs beside the channel.
   *
   * @param own where this process sleeps
   * @param peers where the other one does
   */
  record Bells(BellFifo own, BellFifo peers) implements AutoCloseable {
    /** Closes both. */
    @Override
    public void close() throws IOException {
      try (own) {
        peers.close();
      }
    }
  }

  /** From now on {@link #read} does not wait. Called by the thread that reads. */
  void stepAside() throws IOException;

  /** Closes both directions. Threads that read or write get an exception. */
  @Override
  void close() throws IOException;
}
