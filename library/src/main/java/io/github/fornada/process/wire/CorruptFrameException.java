package io.github.fornada.process.wire;

import java.io.IOException;
import java.io.Serial;

/**
 * Thrown when the other side has sent data that violates the protocol: it is broken, and is
 * replaced.
 */
public final class CorruptFrameException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  public CorruptFrameException(String what) {
    super("corrupt frame: " + what);
  }
}
