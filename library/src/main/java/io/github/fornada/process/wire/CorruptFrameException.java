package io.github.fornada.process.wire;

import java.io.IOException;
import java.io.Serial;

/** The other side has sent what it never would: it is out of order, and is replaced. */
public final class CorruptFrameException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  public CorruptFrameException(String what) {
    super("corrupt frame: " + what);
  }
}
