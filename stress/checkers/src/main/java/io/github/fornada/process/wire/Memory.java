package io.github.fornada.process.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Small pieces of memory outside the heap, where alone the JDK allows atomic access to a buffer.
 * There are so many states in a test that each takes its piece from one buffer, round and round.
 */
final class Memory {
  private static final int PIECE = 512;
  private static final int PIECES = 1 << 17;
  private static final ByteBuffer ALL = ByteBuffer.allocateDirect(PIECE * PIECES);
  private static final AtomicInteger NEXT = new AtomicInteger();

  private Memory() {}

  /** Returns 512 bytes, all 0, that nobody else uses before {@link #PIECES} more were asked for. */
  static ByteBuffer piece() {
    int at = Math.floorMod(NEXT.getAndIncrement(), PIECES) * PIECE;
    ByteBuffer piece = ALL.slice(at, PIECE).order(ByteOrder.nativeOrder());
    piece.put(0, new byte[PIECE]);
    return piece;
  }
}
