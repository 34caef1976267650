package io.github.fornada.shared;

import io.github.fornada.shared.memory.ObjectKind;
import io.github.fornada.shared.memory.Region;
import io.github.fornada.shared.memory.Space;
import io.github.fornada.shared.memory.Spaces;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.ObjectStreamException;
import java.io.Serial;
import java.io.Serializable;

/**
 * An object that all tasks of a pool can use at once, whichever processes they run in. Made by
 * {@link SharedSpace}.
 *
 * <p>A lambda may capture a shared object, and it may be an item, part of one, or part of a result.
 * Only its name is sent: every task gets the same object. It can be used by the process that opened
 * the pool and by the pool's workers, not by the workers of another pool.
 *
 * <p><b>Deaths.</b> Each operation takes effect by a single write to memory. If a worker dies, even
 * in the middle of an operation, the object is as it was before that operation or as after it, and
 * what the worker held of it is given back before its death is reported, or as soon as the process
 * that opened the pool can open files again. A process that is slow, or stopped by a signal, loses
 * nothing, nor its turn: where it was the one to be woken for a lock, an element or a permit,
 * others wait for that with it, until it goes on or ends. The end of the process that opened the
 * pool is the end of its workers and of the object.
 *
 * <p><b>Life.</b> It is there until {@link #free} is called or the pool has ended. Later uses throw
 * {@link IllegalStateException}.
 *
 * <p>May be used by several threads at once. Two references are to the same object if they are
 * equal by {@code ==}, within one process.
 */
public abstract sealed class SharedObject implements Serializable
    permits SharedArray,
        SharedBarrier,
        SharedCounter,
        SharedFlag,
        SharedLatch,
        SharedLock,
        SharedQueue,
        SharedSemaphore,
        SharedValue {
  @Serial private static final long serialVersionUID = 1L;

  final transient Region region;

  SharedObject(Region region) {
    this.region = region;
  }

  /**
   * Frees the object's memory, in every process. Threads that wait for it, or use it later, get
   * {@link IllegalStateException}; so free it when the tasks that use it have ended. Any process
   * that can use the object may free it. The pool frees what is left when it ends. Freeing twice
   * has no effect.
   */
  public final void free() {
    region.space().free(region);
  }

  /** Returns the object of this region in this process. */
  static SharedObject of(Region region) {
    String name = region.name();
    return region.object(r ->
        switch (name.charAt(name.indexOf('-') + 1)) {
          case ObjectKind.ARRAY -> new SharedArray(r);
          case ObjectKind.BARRIER -> new SharedBarrier(r);
          case ObjectKind.COUNTER -> new SharedCounter(r);
          case ObjectKind.FLAG -> new SharedFlag(r);
          case ObjectKind.LATCH -> new SharedLatch(r);
          case ObjectKind.LOCK -> new SharedLock(r);
          case ObjectKind.QUEUE -> new SharedQueue<>(r);
          case ObjectKind.SEMAPHORE -> new SharedSemaphore(r);
          case ObjectKind.VALUE -> new SharedValue<>(r);
          default -> throw new IllegalArgumentException("a shared object called " + name);
        });
  }

  @Serial
  final Object writeReplace() throws ObjectStreamException {
    Space space = region.space();
    if (space.folder() == null && !Elements.isForThisProcess()) {
      throw new InvalidObjectException(
          "this object is shared by the tasks of a pool that runs in this process: make it with the"
              + " pool whose tasks use it");
    }
    return new Name(space.address(), region.name(), region.byteSize());
  }

  @Serial
  private void readObject(ObjectInputStream in) throws InvalidObjectException {
    throw new InvalidObjectException("never written");
  }

  /** What is sent of a shared object. */
  private static final class Name implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    private final String space;
    private final String name;
    private final long size;

    Name(String space, String name, long size) {
      this.space = space;
      this.name = name;
      this.size = size;
    }

    @Serial
    private Object readResolve() {
      return of(Spaces.at(space).region(name, size));
    }
  }
}
