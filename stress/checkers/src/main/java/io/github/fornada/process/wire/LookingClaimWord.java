package io.github.fornada.process.wire;

import java.lang.foreign.MemorySegment;

/** A twin of {@link ClaimWord} that must be caught: it reads the word, and sets it later. */
final class LookingClaimWord {
  private final MemorySegment header;

  LookingClaimWord(MemorySegment header) {
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
