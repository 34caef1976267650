package io.github.fornada.shared.memory;

import io.github.fornada.jvm.Timer;
import java.lang.foreign.Arena;
import java.time.Duration;

/** Closes the arenas of mapped files. */
final class Unmapping {
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private Unmapping() {}

  static void close(Arena arena) {
    try {
      arena.close();
    } catch (IllegalStateException e) {
      // Some thread has passed it to a system call, for instance to write it to a file.
      var _ = Timer.after(AGAIN, () -> close(arena));
    }
  }
}
