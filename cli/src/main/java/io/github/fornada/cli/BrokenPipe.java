package io.github.fornada.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import org.jspecify.annotations.Nullable;

/**
 * The failure of a write to a pipe whose reader has gone away. The JDK has no exception of its own
 * for it, and its message is the system's, in the language of the user: so a pipe is broken here,
 * and its message compared.
 */
final class BrokenPipe {
  private static final String ENGLISH = "Broken pipe";
  private static final String OF_WINDOWS = "pipe is being closed";

  private BrokenPipe() {}

  /** Returns whether {@code e} is such a failure. */
  static boolean isCauseOf(IOException e) {
    String message = e.getMessage();
    if (message == null) {
      return false;
    }
    return message.contains(ENGLISH) || message.contains(OF_WINDOWS) || message.equals(words());
  }

  /** Returns what the system says of a broken pipe; null if none can be made. */
  static @Nullable String words() {
    try {
      Pipe pipe = Pipe.open();
      try (var sink = pipe.sink()) {
        pipe.source().close();
        sink.write(ByteBuffer.allocate(1));
        return null; // a system where that is no failure
      }
    } catch (IOException e) {
      return e.getMessage();
    }
  }
}
