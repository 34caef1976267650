package io.github.fornada.shared;

import io.github.fornada.shared.memory.Region;
import io.github.fornada.shared.memory.WaitPoint;
import java.io.Serial;
import java.time.Duration;
import java.util.function.LongUnaryOperator;

/**
 * A number that all tasks of a pool can change at once; it starts at a value given to {@link
 * SharedSpace#counter}.
 *
 * <p><b>Memory effects.</b> As those of {@link java.util.concurrent.atomic.AtomicLong}, between
 * processes too: what a thread did before it changed the counter is visible to a thread that sees
 * the change.
 *
 * {@snippet :
 * SharedCounter done = SharedSpace.of(pool).counter(0);
 * pool.map(files, file -> {
 *   Index.add(file);
 *   return done.increment();
 * });
 * }
 *
 * <p>The idea comes from Python's {@code multiprocessing.Value}; unlike there, no lock is needed,
 * so none can stay behind.
 */
public final class SharedCounter extends SharedObject {
  @Serial private static final long serialVersionUID = 1L;

  private final transient WaitPoint value;

  SharedCounter(Region region) {
    super(region);
    this.value = new WaitPoint(region, 1);
  }

  /** Returns the value. */
  public long get() {
    return value.get();
  }

  /** Sets the value. */
  public void set(long newValue) {
    value.set(newValue);
    value.ringAll();
  }

  /** Adds one and returns the new value. */
  public long increment() {
    return add(1);
  }

  /** Adds {@code change}, which may be negative, and returns the new value. May overflow. */
  public long add(long change) {
    long before = value.getAndAdd(change);
    value.ringAll();
    return before + change;
  }

  /** Sets the value to {@code newValue} if it is {@code expected}; returns whether it was. */
  public boolean compareAndSet(long expected, long newValue) {
    boolean set = value.compareAndSet(expected, newValue);
    if (set) {
      value.ringAll();
    }
    return set;
  }

  /**
   * Changes the value by {@code change} and returns the new value. {@code change} may be called
   * several times, so it must have no side effects.
   */
  public long update(LongUnaryOperator change) {
    while (true) {
      long before = get();
      long after = change.applyAsLong(before);
      if (compareAndSet(before, after)) {
        return after;
      }
    }
  }

  /**
   * Waits until the value is at least {@code least}. May miss a value that is there for a moment
   * only.
   *
   * @throws InterruptedException if the thread was interrupted
   * @throws IllegalStateException if the counter is freed, or its pool ends
   */
  public void awaitAtLeast(long least) throws InterruptedException {
    boolean _ = value.await(Limits.NONE, () -> value.get() >= least);
  }

  /**
   * Waits until the value is at least {@code least}, for at most {@code limit}.
   *
   * @return whether it is
   * @throws InterruptedException if the thread was interrupted
   * @throws IllegalStateException if the counter is freed, or its pool ends
   */
  public boolean awaitAtLeast(long least, Duration limit) throws InterruptedException {
    return value.await(Limits.nanos(limit), () -> value.get() >= least);
  }

  @Override
  public String toString() {
    return "SharedCounter";
  }
}
