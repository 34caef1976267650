package io.github.fornada.process.wire;

import java.nio.ByteBuffer;

/** A twin of {@link ClaimWord} that must be caught: it reads the word, and sets it later. */
final class LookingClaimWord {
  private final ByteBuffer header;

  LookingClaimWord(ByteBuffer header) {
    this.header = header;
  }

  boolean claim(long ticket) {
    if ((long) Segment.LONG.getVolatile(header, Segment.CLAIM) != ticket) {
      return false;
    }
    Segment.LONG.setVolatile(header, Segment.CLAIM, ticket + 1);
    return true;
  }
}
