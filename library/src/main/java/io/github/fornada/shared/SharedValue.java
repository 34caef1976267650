package io.github.fornada.shared;

import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.shared.memory.ElementRing;
import io.github.fornada.shared.memory.Mutex;
import io.github.fornada.shared.memory.Region;
import io.github.fornada.shared.memory.TwoCopies;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * An immutable value that tasks of a pool read, and replace as a whole. Never null.
 *
 * <p>The value is copied, in every kind of pool: it must be what a task's items may be, and changes
 * to an object that {@link #get} has returned are not seen by others. There is room for a value
 * whose encoded form is as long as {@link SharedSpace#value} says.
 *
 * <p><b>Deaths.</b> A process that dies in {@link #update} leaves the old value or the new one,
 * never half of one, and nobody is locked out. So unlike with a {@link SharedLock}, nobody has to
 * be told.
 *
 * <p><b>Memory effects.</b> What a thread did before it replaced the value is visible to a thread
 * that sees the new one, in another process too.
 *
 * {@snippet :
 * SharedValue<Best> best = SharedSpace.of(pool).value(Best.NONE);
 * pool.map(candidates, candidate -> {
 *   Best mine = Search.from(candidate, best.get());
 *   return best.update(known -> mine.isBetterThan(known) ? mine : known);
 * });
 * }
 *
 * <p>The idea comes from Python's {@code multiprocessing.Manager().Value}; unlike there, no process
 * is in between, and a change of a value is one step.
 *
 * @param <T> the type of the value
 */
public final class SharedValue<T> extends SharedObject {
  @Serial private static final long serialVersionUID = 1L;

  static final long MAX_BYTES = 1L << 30;

  private final transient TwoCopies copies;

  SharedValue(Region region) {
    super(region);
    this.copies = new TwoCopies(region);
  }

  /**
   * Returns the value. Does not wait for updates that are going on.
   *
   * @throws UncheckedIOException if it cannot be decoded here
   * @throws IllegalStateException if it was freed, or its pool has ended
   */
  @SuppressWarnings("unchecked") // every value was put there as a T
  public T get() {
    ElementRing.Element value = copies.read();
    return (T) Elements.decoded("a shared value", value.bytes(), value.length());
  }

  /**
   * Replaces the value by {@code change} of it; waits while another thread does. If {@code change}
   * throws, the value stays as it is.
   *
   * @param change is called once, while all other updates wait; must not update this same value
   * @return the new value
   * @throws InterruptedException if the thread was interrupted while it waited; nothing was changed
   *     then
   * @throws IllegalArgumentException if the new value cannot be encoded, or is too long
   * @throws UncheckedIOException if the old value cannot be decoded here
   * @throws IllegalStateException if it was freed, or its pool has ended
   */
  public T update(UnaryOperator<T> change) throws InterruptedException {
    acquire();
    try {
      T next = Objects.requireNonNull(change.apply(get()), "the new value");
      put(next);
      return next;
    } finally {
      copies.mutex().release();
    }
  }

  /** Waits until the calling thread is the one to change the value. */
  private void acquire() throws InterruptedException {
    Mutex mutex = copies.mutex();
    long _ = mutex.acquire(Limits.NONE); // a death with it has left a whole value
    if (mutex.holds() > 1) {
      mutex.release();
      throw new IllegalStateException(
          "this update is within another one of the same shared value, whose result would replace"
              + " this one's: return the new value instead");
    }
  }

  /**
   * Replaces the value by {@code next}, whatever it is, without reading it; waits while another
   * thread updates it.
   *
   * @throws InterruptedException as {@link #update}
   * @throws IllegalArgumentException as {@link #update}
   * @throws IllegalStateException as {@link #update}
   */
  public void set(T next) throws InterruptedException {
    MessageOutput out = encoded(Objects.requireNonNull(next, "next")); // not while others wait
    acquire();
    try {
      copies.write(out.array(), out.size());
    } finally {
      copies.mutex().release();
    }
  }

  /** Replaces the value. The calling thread has the lock, or is the only one to know of it. */
  void put(T next) {
    MessageOutput out = encoded(next);
    copies.write(out.array(), out.size());
  }

  private MessageOutput encoded(T next) {
    MessageOutput out = Elements.encoded(region.space(), "a shared value", next);
    if (out.size() > copies.most()) {
      throw new IllegalArgumentException(
          "a shared value of "
              + out.size()
              + " bytes does not fit into "
              + copies.most()
              + " bytes: make it with more, by SharedSpace.value(start, bytes)");
    }
    return out;
  }

  @Override
  public String toString() {
    return "SharedValue";
  }
}
