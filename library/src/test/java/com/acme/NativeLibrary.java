package com.acme;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** A library that guards itself with a lock in native code. */
public final class NativeLibrary {
  private NativeLibrary() {}

  /** Runs {@code body} while it holds the lock. */
  public static void call(
      MethodHandle acquire, MethodHandle release, MemorySegment mutex, Runnable body)
      throws Throwable {
    int _ = (int) acquire.invokeExact(mutex);
    try {
      body.run();
    } finally {
      int _ = (int) release.invokeExact(mutex);
    }
  }
}
