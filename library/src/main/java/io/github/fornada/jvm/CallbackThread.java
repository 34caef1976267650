package io.github.fornada.jvm;

import org.jspecify.annotations.Nullable;

/** A thread of {@link Callbacks}. */
public final class CallbackThread extends Thread {
  static final String NAME = "fornada-callback";

  /**
   * On whose behalf the callback runs: what was passed to {@link Callbacks#run}. Null between two
   * callbacks. The thread's own.
   */
  @Nullable Object origin;

  CallbackThread(Runnable body) {
    super(null, body, NAME, 0, false);
    setDaemon(true);
  }

  /**
   * Returns on whose behalf the calling thread runs a callback; null if that is unknown or the
   * calling thread runs none.
   */
  public static @Nullable Object originOfCurrent() {
    return Thread.currentThread() instanceof CallbackThread self ? self.origin : null;
  }

  /** Whether the calling thread runs a callback. */
  public static boolean isCurrent() {
    return Thread.currentThread() instanceof CallbackThread;
  }
}
