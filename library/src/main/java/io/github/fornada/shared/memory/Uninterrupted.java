package io.github.fornada.shared.memory;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/**
 * Opens and maps files also in a thread that is interrupted, which closes channels that it uses: an
 * interrupt must not keep a thread from releasing what it holds. The interrupt status is kept.
 */
final class Uninterrupted {
  /** Something that uses channels of its own, and can be repeated. */
  interface Call<T> {
    T run() throws IOException;
  }

  private Uninterrupted() {}

  static <T> T call(Call<T> call) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return call.run();
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
