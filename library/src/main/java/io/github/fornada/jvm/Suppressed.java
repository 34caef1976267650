package io.github.fornada.jvm;

/**
 * Adds to the suppressed exceptions of an exception that user code has thrown. Such an object may
 * be thrown again and again: programs keep one in a constant to save its stack. So its list must
 * not grow without end, and it may come as its own companion. One that has suppression disabled
 * stays as it is.
 */
public final class Suppressed {
  /** An exception that has this many suppressed ones gets no more. */
  public static final int MOST = 8;

  private Suppressed() {}

  /**
   * Adds {@code other} to the suppressed exceptions of {@code thrown}, unless it is the same object
   * or there are enough already. Threads that add at the same time may each add one more.
   */
  @SuppressWarnings("ReferenceEquality") // an exception cannot be suppressed by itself
  public static void add(Throwable thrown, Throwable other) {
    if (thrown != other && thrown.getSuppressed().length < MOST) {
      thrown.addSuppressed(other);
    }
  }
}
