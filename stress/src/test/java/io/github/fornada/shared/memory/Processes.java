package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Processes that share one region of memory, each represented by one thread: a process has a
 * region, a bell and locks of its own over that memory.
 */
final class Processes {
  private final MemorySegment memory;
  private final Thread[] threads;

  /** The seat that another process takes later; -1 for none. */
  private int reused = -1;

  /** Who has that seat. */
  private final AtomicLong inReused = new AtomicLong();

  Processes(int count, long bytes) {
    this.memory = MemorySegment.ofArray(new long[(int) (bytes / Long.BYTES)]);
    this.threads = new Thread[count];
  }

  /** Lets another process take this seat later. */
  Processes reusing(int seat) {
    reused = seat;
    inReused.set(idOf(seat));
    return this;
  }

  /** Returns what the process in this seat has; called by the thread that represents it. */
  Region region(int seat) {
    threads[seat] = Thread.currentThread();
    return new Region(Space.with(new Seat(seat, idOf(seat))), "object-x", memory, null);
  }

  /** Returns what a process has that takes the seat of one that is gone. */
  Region successor(int seat, long id) {
    threads[seat] = Thread.currentThread();
    inReused.set(id);
    return new Region(Space.with(new Seat(seat, id)), "object-x", memory, null);
  }

  static long idOf(int seat) {
    return seat + 1L;
  }

  /** For rings whose elements are all sent in their encoded form. */
  static ElementRing.Room noRoom(int kind, long length) {
    throw new AssertionError("kind " + kind);
  }

  /** What the parent does when the process in a seat is gone. */
  void recover(int dead, Region parent, Region.Shape shape) {
    parent.shape(shape);
    String _ = parent.recover(idOf(dead), dead, false);
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
  }

  private final class Seat implements Bell {
    private final int seat;
    private final long id;

    Seat(int seat, long id) {
      this.seat = seat;
      this.id = id;
    }

    @Override
    public long id() {
      return id;
    }

    @Override
    public int seat() {
      return seat;
    }

    @Override
    public long idOf(int other) {
      return other == reused ? inReused.get() : Processes.idOf(other);
    }

    @Override
    public Sleeper add(long key) {
      return new Sleeper(key, false);
    }

    @Override
    public void remove(Sleeper sleeper) {}

    @Override
    public void ring(int other, long key) {
      LockSupport.unpark(threads[other]);
    }
  }
}
