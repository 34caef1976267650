package io.github.fornada.jvm;

import java.time.Duration;

/**
 * Classes whose code took too long lately, so that it is not called for a while: for longer each
 * time. The first time it may have been the machine that stood still; and code that hangs whenever
 * it is called takes a thread each time.
 */
public final class SlowClasses {
  private static final long MAX_NANOS = Duration.ofHours(1).toNanos(); // Guess

  private final ClassValue<Stay> stays;

  /**
   * Creates a set without classes.
   *
   * @param time how long a class stays in it for the first time; each further time is twice as long
   *     as the one before, up to an hour
   */
  public SlowClasses(Duration time) {
    stays =
        new ClassValue<>() {
          @Override
          protected Stay computeValue(Class<?> type) {
            return new Stay(time.toNanos());
          }
        };
  }

  /** Returns whether the class was added, and the time is not over. */
  public boolean contains(Class<?> type) {
    return stays.get(type).lasts();
  }

  /** Adds a class; its time begins anew, and is no longer, if it is there. */
  public void add(Class<?> type) {
    stays.get(type).begin();
  }

  private static final class Stay {
    /** {@link System#nanoTime} until which it lasts; 0 if it never began. Written under lock. */
    private volatile long until;

    /** How long the next one is. Guarded by this. */
    private long nextNanos;

    /** How long the present one is. Guarded by this. */
    private long nanos;

    Stay(long nanos) {
      this.nextNanos = nanos;
    }

    boolean lasts() {
      long end = until;
      return end != 0 && end - System.nanoTime() > 0;
    }

    synchronized void begin() {
      if (!lasts()) {
        nanos = nextNanos;
        nextNanos = Math.max(nanos, Math.min(2 * nanos, MAX_NANOS));
      }
      until = System.nanoTime() + nanos | 1; // never 0
    }
  }
}
