package io.github.fornada.shared;

import io.github.fornada.Pool;
import io.github.fornada.shared.memory.ElementRing;
import io.github.fornada.shared.memory.ObjectKind;
import io.github.fornada.shared.memory.Permits;
import io.github.fornada.shared.memory.Region;
import io.github.fornada.shared.memory.Rendezvous;
import io.github.fornada.shared.memory.Space;
import io.github.fornada.shared.memory.Spaces;
import io.github.fornada.shared.memory.TwoCopies;
import io.github.fornada.shared.memory.WaitPoint;
import io.github.fornada.spi.AbstractPool;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.io.Serializable;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * Makes the objects that the tasks of a pool share. A lambda may capture it, and it may be an item
 * or part of one, so tasks can make objects too, and return them.
 *
 * <p>With a {@link io.github.fornada.process.ProcessPool} the objects are files that all its
 * workers map: in {@code /dev/shm}, which is memory; or in a folder for temporary files where that
 * is not there, or had no room for the pool when it was opened, which is logged. With any other
 * pool of this library they are in this process's memory. The same task runs with both.
 *
 * <p>Methods that make an object throw {@link java.io.UncheckedIOException} if there is no room for
 * it, or the calling thread was interrupted while a large one was made; and {@link
 * IllegalStateException} if the pool has ended.
 *
 * {@snippet :
 * try (var pool = ProcessPool.open()) {
 *   var shared = SharedSpace.of(pool);
 *   SharedCounter words = shared.counter(0);
 *   pool.map(files, file -> words.add(Words.in(file)));
 *   System.out.println(words.get());
 * }
 * }
 */
public final class SharedSpace implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  private final transient Space space;

  private SharedSpace(Space space) {
    this.space = space;
  }

  /**
   * Returns what makes objects for the tasks of {@code pool}.
   *
   * @throws RejectedExecutionException if the pool was shut down
   * @throws IllegalArgumentException if its tasks may run in this process as well as in others, as
   *     those of an {@code AutoPool} do, or it is not one of this library's pools
   */
  public static SharedSpace of(Pool pool) {
    Objects.requireNonNull(pool, "pool");
    if (!(pool instanceof AbstractPool) && Spaces.known(pool) == null) {
      throw new IllegalArgumentException(
          "shared objects are for the tasks of a SequentialPool, ThreadPool, VirtualThreadPool or"
              + " ProcessPool, or of a class that extends AbstractPool; got "
              + pool.getClass().getName());
    }
    if (!pool.isShutdown()) {
      Space space = Spaces.of(pool);
      if (!pool.isTerminated()) {
        return new SharedSpace(space);
      }
      Spaces.end(pool); // it has ended just now, and did not know of this
    }
    throw new RejectedExecutionException("the pool was shut down: it shares nothing any more");
  }

  /** Returns a new array of {@code length} bytes, all 0; {@code length} must not be negative. */
  public SharedArray bytes(long length) {
    return array(SharedArray.Type.BYTE, length);
  }

  /** Returns a new array of {@code length} shorts, all 0; {@code length} must not be negative. */
  public SharedArray shorts(long length) {
    return array(SharedArray.Type.SHORT, length);
  }

  /** Returns a new array of {@code length} chars, all 0; {@code length} must not be negative. */
  public SharedArray chars(long length) {
    return array(SharedArray.Type.CHAR, length);
  }

  /** Returns a new array of {@code length} ints, all 0; {@code length} must not be negative. */
  public SharedArray ints(long length) {
    return array(SharedArray.Type.INT, length);
  }

  /** Returns a new array of {@code length} longs, all 0; {@code length} must not be negative. */
  public SharedArray longs(long length) {
    return array(SharedArray.Type.LONG, length);
  }

  /** Returns a new array of {@code length} floats, all 0; {@code length} must not be negative. */
  public SharedArray floats(long length) {
    return array(SharedArray.Type.FLOAT, length);
  }

  /** Returns a new array of {@code length} doubles, all 0; {@code length} must not be negative. */
  public SharedArray doubles(long length) {
    return array(SharedArray.Type.DOUBLE, length);
  }

  private SharedArray array(SharedArray.Type type, long length) {
    if (length < 0 || length >= 1L << 48) {
      throw new IllegalArgumentException("length must be from 0 to 2^48 - 1, got " + length);
    }
    var shape = new Region.Shape(0, 0, 0, Region.ClaimedBy.NUMBER, type.parameter(length));
    return (SharedArray)
        made(ObjectKind.ARRAY, length * type.bytes, "a shared array", shape, SharedSpace::nothing);
  }

  /** Returns a new counter with the value {@code start}. */
  public SharedCounter counter(long start) {
    return (SharedCounter) small(ObjectKind.COUNTER, "a shared counter", start);
  }

  /** Returns a new flag, which is clear. */
  public SharedFlag flag() {
    return (SharedFlag) small(ObjectKind.FLAG, "a shared flag", 0);
  }

  /** Returns a new latch that must be counted down {@code count} times; at least 0. */
  public SharedLatch latch(long count) {
    if (count < 0) {
      throw new IllegalArgumentException("count must be at least 0, got " + count);
    }
    return (SharedLatch) small(ObjectKind.LATCH, "a shared latch", count);
  }

  /** Returns a new barrier for {@code parties} parties, from 1 to 4096. */
  public SharedBarrier barrier(int parties) {
    if (parties < 1 || parties > SharedBarrier.MAX_PARTIES) {
      throw new IllegalArgumentException(
          "parties must be from 1 to " + SharedBarrier.MAX_PARTIES + ", got " + parties);
    }
    return (SharedBarrier)
        made(
            ObjectKind.BARRIER,
            Rendezvous.sizeFor(parties),
            "a shared barrier",
            Rendezvous.shape(parties),
            SharedSpace::nothing);
  }

  /**
   * Returns a new value, which is {@code start}. There is room for values of 4,096 bytes, encoded,
   * or of twice as many as {@code start} has, at most 2<sup>30</sup>.
   *
   * @throws IllegalArgumentException if {@code start} cannot be encoded, or does not fit
   */
  public <T> SharedValue<T> value(T start) {
    return value(start, Math.clamp(2L * encodedSize(start), 4096, SharedValue.MAX_BYTES));
  }

  /**
   * Returns a new value, which is {@code start}, with room for values of at most {@code bytes}
   * bytes, encoded; from 1 to 2<sup>30</sup>.
   *
   * @throws IllegalArgumentException if {@code start} cannot be encoded, or does not fit
   */
  @SuppressWarnings("unchecked") // it is new, and of any type
  public <T> SharedValue<T> value(T start, long bytes) {
    if (bytes < 1 || bytes > SharedValue.MAX_BYTES) {
      throw new IllegalArgumentException(
          "bytes must be from 1 to " + SharedValue.MAX_BYTES + ", got " + bytes);
    }
    Objects.requireNonNull(start, "start");
    return (SharedValue<T>)
        made(
            ObjectKind.VALUE,
            TwoCopies.sizeFor(bytes),
            "a shared value",
            TwoCopies.shape(bytes),
            region -> new SharedValue<T>(region).put(start));
  }

  private int encodedSize(Object value) {
    Objects.requireNonNull(value, "start");
    return Elements.encoded(space, "a shared value", value).size();
  }

  /** Returns a new lock, which is free. */
  public SharedLock lock() {
    return (SharedLock)
        made(
            ObjectKind.LOCK,
            0,
            "a shared lock",
            new Region.Shape(1, 0, 0, Region.ClaimedBy.NUMBER, 0),
            SharedSpace::nothing);
  }

  /**
   * Returns a new queue that holds at most {@code capacity} elements, which must be at least 1 and
   * at most a million. They have room for 256 bytes each, and 64 KiB in all at least, encoded.
   */
  public <T> SharedQueue<T> queue(int capacity) {
    return queue(capacity, Math.max(64 << 10, 256L * capacity));
  }

  /**
   * Returns a new queue that holds at most {@code capacity} elements, which must be at least 1 and
   * at most a million, in {@code bytes} of memory, which must be at least 64 and is rounded up to a
   * power of two. An element takes as many bytes as its encoded form, rounded up to a multiple of
   * 8, and 8 more; one of at most 6 bytes takes 8. So that is also the limit of a single element.
   */
  @SuppressWarnings("unchecked") // it is new, and of any type
  public <T> SharedQueue<T> queue(int capacity, long bytes) {
    if (capacity < 1 || capacity > SharedQueue.MAX_CAPACITY) {
      throw new IllegalArgumentException(
          "capacity must be from 1 to " + SharedQueue.MAX_CAPACITY + ", got " + capacity);
    }
    if (bytes < 64 || bytes > SharedQueue.MAX_BYTES) {
      throw new IllegalArgumentException(
          "bytes must be from 64 to " + SharedQueue.MAX_BYTES + ", got " + bytes);
    }
    return (SharedQueue<T>)
        made(
            ObjectKind.QUEUE,
            ElementRing.sizeFor(bytes),
            "a shared queue",
            ElementRing.shape(capacity),
            SharedSpace::nothing);
  }

  /** Returns a new semaphore with {@code permits} permits, from 1 to 4096, all free. */
  public SharedSemaphore semaphore(int permits) {
    if (permits < 1 || permits > SharedSemaphore.MAX_PERMITS) {
      throw new IllegalArgumentException(
          "permits must be from 1 to " + SharedSemaphore.MAX_PERMITS + ", got " + permits);
    }
    return (SharedSemaphore)
        made(
            ObjectKind.SEMAPHORE,
            Permits.sizeFor(permits),
            "a shared semaphore",
            Permits.shape(permits),
            SharedSpace::nothing);
  }

  private static void nothing(Region region) {}

  private SharedObject small(char kind, String what, long start) {
    return made(
        kind,
        0,
        what,
        new Region.Shape(0, 1, 0, Region.ClaimedBy.NUMBER, 0),
        region -> new WaitPoint(region, 1).set(start));
  }

  private SharedObject made(
      char kind, long bytes, String what, Region.Shape shape, Consumer<Region> begin) {
    return SharedObject.of(space.create(kind, bytes, what, shape, begin));
  }

  @Serial
  private Object writeReplace() throws InvalidObjectException {
    if (space.folder() == null && !Elements.isForThisProcess()) {
      throw new InvalidObjectException(
          "this makes objects for the tasks of a pool that runs in this process: take"
              + " SharedSpace.of the pool whose tasks use them");
    }
    return new Name(space.address());
  }

  @Serial
  private void readObject(ObjectInputStream in) throws InvalidObjectException {
    throw new InvalidObjectException("never written");
  }

  /** What is sent of it. */
  private static final class Name implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    private final String space;

    Name(String space) {
      this.space = space;
    }

    @Serial
    private Object readResolve() {
      return new SharedSpace(Spaces.at(space));
    }
  }
}
