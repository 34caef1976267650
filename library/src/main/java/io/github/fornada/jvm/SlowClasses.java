package io.github.fornada.jvm;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Classes whose code took too long lately, so that it is not called for a while. */
public final class SlowClasses {
  private final Duration time;

  /** {@link System#nanoTime} until which a class is one of them; 0 for one that never was. */
  private final ClassValue<AtomicLong> until =
      new ClassValue<>() {
        @Override
        protected AtomicLong computeValue(Class<?> type) {
          return new AtomicLong();
        }
      };

  /**
   * Creates a set without classes.
   *
   * @param time how long a class stays in it
   */
  public SlowClasses(Duration time) {
    this.time = time;
  }

  /** Returns whether the class was added, and the time is not over. */
  public boolean contains(Class<?> type) {
    long end = until.get(type).get();
    return end != 0 && end - System.nanoTime() > 0;
  }

  /** Adds a class; its time begins anew if it is there. */
  public void add(Class<?> type) {
    until.get(type).set(System.nanoTime() + time.toNanos() | 1); // never 0
  }
}
