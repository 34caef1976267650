package io.github.fornada.async;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A bounded lock-free queue for any number of producers and consumers. It never waits for room or
 * for elements.
 *
 * <p>Positions are numbered without end; position p is in cell p modulo the capacity. A thread
 * claims a position by moving {@code tail} or {@code head} on, and then has the cell to itself
 * until it moves the cell's {@code stage} on: 2p, free for the element of p; 2p + 1, has it; and
 * then 2(p + capacity). A thread that finds a position claimed and its cell not ready yet waits for
 * the other thread's next few instructions, so that it sees what was sent before, whatever other
 * threads are doing.
 *
 * <p>The idea of stages is Vyukov's bounded MPMC queue (1024cores.net, 2011). Exact answers about a
 * full or an empty queue, and closing, are added here.
 */
final class Ring {
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  /** Far enough from {@link #HEAD} and from other objects to be in a cache line of its own. */
  private static final int TAIL = 16;

  private static final int HEAD = 32;
  private static final int LENGTH = 48;

  /** Set in the tail: only {@link #admit} can claim positions there any more. */
  private static final long CLOSED = Long.MIN_VALUE;

  /**
   * How often a thread reads a cell that another thread is changing before it yields its processor.
   */
  private static final int SPINS = 100; // Guess

  private final int capacity;
  private final long[] ends = new long[LENGTH];
  private final long[] stages;
  private final @Nullable Object[] elements;

  Ring(int capacity) {
    this.capacity = capacity;
    this.stages = new long[capacity];
    this.elements = new Object[capacity];
    for (int i = 0; i < capacity; i++) {
      stages[i] = 2L * i;
    }
  }

  /** Adds an element; false if the ring is full or closed. */
  boolean offer(Object element) {
    return offer(element, 0);
  }

  /** Adds the element of a thread that waited when the ring was closed; false if it is full. */
  boolean admit(Object element) {
    long closed = (long) LONGS.getVolatile(ends, TAIL) & CLOSED;
    return offer(element, closed);
  }

  private boolean offer(Object element, long closed) {
    for (int tries = 0; ; ) {
      long tail = (long) LONGS.getVolatile(ends, TAIL);
      if ((tail & CLOSED) != closed) {
        return false;
      }
      long position = tail & ~CLOSED;
      int cell = (int) (position % capacity);
      long ahead = (long) LONGS.getAcquire(stages, cell) - 2 * position;
      if (ahead == 0) {
        if (LONGS.compareAndSet(ends, TAIL, tail, tail + 1)) {
          elements[cell] = element;
          // volatile: the caller then checks for waiting receivers
          LONGS.setVolatile(stages, cell, 2 * position + 1);
          return true;
        }
      } else if (ahead < 0) {
        if ((long) LONGS.getVolatile(ends, HEAD) > position - capacity) {
          pause(tries++); // it is being taken
        } else if ((long) LONGS.getVolatile(ends, TAIL) == tail) {
          return false;
        }
      }
    }
  }

  /** Takes the oldest element; null if there is none. */
  @Nullable Object poll() {
    for (int tries = 0; ; ) {
      long head = (long) LONGS.getVolatile(ends, HEAD);
      int cell = (int) (head % capacity);
      long ahead = (long) LONGS.getAcquire(stages, cell) - (2 * head + 1);
      if (ahead == 0) {
        if (LONGS.compareAndSet(ends, HEAD, head, head + 1)) {
          Object element = elements[cell];
          elements[cell] = null;
          // volatile: the caller then checks for waiting senders
          LONGS.setVolatile(stages, cell, 2 * (head + capacity));
          return element;
        }
      } else if (ahead < 0) {
        if (((long) LONGS.getVolatile(ends, TAIL) & ~CLOSED) > head) {
          pause(tries++); // it is being added
        } else if ((long) LONGS.getVolatile(ends, HEAD) == head) {
          return null;
        }
      }
    }
  }

  /**
   * Makes every later {@link #offer} return false; elements of offers that returned true are in the
   * ring.
   */
  void close() {
    long _ = (long) LONGS.getAndBitwiseOr(ends, TAIL, CLOSED);
  }

  boolean isEmpty() {
    // Reads the head first: it never passes the tail, so if both values are equal, both were equal
    // at some moment.
    long head = (long) LONGS.getVolatile(ends, HEAD);
    return head == ((long) LONGS.getVolatile(ends, TAIL) & ~CLOSED);
  }

  boolean isFull() {
    // Reads the tail first: the head only grows, so if the ring looks full now, it was full at that
    // moment.
    long tail = (long) LONGS.getVolatile(ends, TAIL) & ~CLOSED;
    return tail - (long) LONGS.getVolatile(ends, HEAD) >= capacity;
  }

  int capacity() {
    return capacity;
  }

  @SuppressWarnings("ThreadPriorityCheck") // a hint, on which nothing depends
  private static void pause(int tries) {
    if (tries < SPINS) {
      Thread.onSpinWait();
    } else {
      Thread.yield(); // the other thread has probably lost its processor
    }
  }
}
