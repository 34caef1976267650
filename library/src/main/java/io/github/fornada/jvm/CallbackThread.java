package io.github.fornada.jvm;

import org.jspecify.annotations.Nullable;

/** A thread of {@link Callbacks}. */
public final class CallbackThread extends Thread {
  static final String NAME = "fornada-callback";

  /**
   * The origin of the running callback, as passed to {@link Callbacks#run}. Null between two
   * callbacks. Used by this thread only.
   */
  @Nullable Object origin;

  private final Thread.@Nullable UncaughtExceptionHandler home;

  CallbackThread(Runnable body) {
    super(null, body, NAME, 0, false);
    setDaemon(true);
    this.home = getThreadGroup();
  }

  /** Undoes what a callback may have changed in its thread. */
  void restore() {
    var _ = interrupted();
    OwnThreads.restore(this, NAME, home);
  }

  /** Undoes what a part of the callback that the calling thread runs may have changed in it. */
  public static void restoreCurrent() {
    if (currentThread() instanceof CallbackThread self) {
      self.restore();
    }
  }

  /**
   * Returns the origin of the callback that the calling thread runs; null if that is unknown or the
   * calling thread runs no callback.
   */
  public static @Nullable Object originOfCurrent() {
    return Thread.currentThread() instanceof CallbackThread self ? self.origin : null;
  }

  /** Returns whether the calling thread runs a callback. */
  public static boolean isCurrent() {
    return Thread.currentThread() instanceof CallbackThread;
  }
}
