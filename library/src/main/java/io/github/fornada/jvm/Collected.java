package io.github.fornada.jvm;

import java.lang.ref.Cleaner;

/** Notices that objects which users hold were collected. */
public final class Collected {
  /**
   * One thread for all such objects, which sleeps until the collector has found one. Started with
   * the first of them.
   */
  private static final Cleaner CLEANER = Cleaner.create();

  private Collected() {}

  /**
   * Runs {@code action} once when {@code object} is no longer reachable, or earlier by what is
   * returned.
   *
   * @param action must not refer to {@code object}, must not wait, and must run no user code
   */
  public static Cleaner.Cleanable then(Object object, Runnable action) {
    return CLEANER.register(object, action);
  }
}
