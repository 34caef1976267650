package io.github.fornada.jvm;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import org.jspecify.annotations.Nullable;

/**
 * Opens, writes and maps files also in a thread that is interrupted, which closes channels that it
 * uses. An interrupt is meant for the user's code: it must not make a file of this library fail,
 * nor keep a thread from releasing what it holds. The interrupt status is kept.
 */
public final class Uninterrupted {
  /** Something that uses channels of its own, and can be repeated. */
  public interface Call<T extends @Nullable Object> {
    T run() throws IOException;
  }

  private Uninterrupted() {}

  /**
   * Runs {@code call}, again if it was interrupted; so it must undo what it has done before it
   * fails.
   */
  public static <T extends @Nullable Object> T call(Call<T> call) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return call.run();
        } catch (ClosedByInterruptException | FileLockInterruptionException e) {
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
