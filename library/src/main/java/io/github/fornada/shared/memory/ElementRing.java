package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue of byte strings for many senders and receivers in several processes: a ring with
 * a lock for each side, after Michael and Scott (1996).
 *
 * <p>An element is written behind the tail, and sent by the one store that moves the tail. It is
 * copied, and taken by the one store that moves the head. So a process that dies has done all of it
 * or nothing, and nothing but its lock must be taken back. No thread waits while it has a lock.
 */
public final class ElementRing {
  /** Bytes at the beginning of the content that are not the ring's. */
  public static final int RESERVED = 2048;

  /** The shape of a region with a ring. */
  public static Region.Shape shape(int capacity) {
    return new Region.Shape(2, 2, 0, capacity);
  }

  // OPEN -> DONE -> FAILED, OPEN -> FAILED. Written under the senders' lock.
  public static final long OPEN = 0;
  public static final long DONE = 1;
  public static final long FAILED = 2;

  private static final int UNIT = Long.BYTES;
  private static final long START = Region.PAGE + RESERVED;

  // A position has the number of elements so far in its upper bits and the number of units so far
  // in
  // its lower bits, each modulo its size, so that both move by one store.
  private static final int COUNT_SHIFT = 40;
  private static final long UNITS = (1L << COUNT_SHIFT) - 1;
  private static final long COUNTS = (1L << (64 - COUNT_SHIFT)) - 1;

  // The lines of its page.
  private static final int SENDERS = 1;
  private static final int RECEIVERS = 2;
  private static final int TAIL = 3;
  private static final int HEAD = 4;
  private static final int STATE = 5;

  private final Region region;
  private final long allUnits;
  private final Mutex senders;
  private final Mutex receivers;

  /** The position behind the last element. Written under the senders' lock. */
  private final WaitPoint tail;

  /** The position of the first element. Written under the receivers' lock. */
  private final WaitPoint head;

  private final WaitPoint state;

  /** The bytes of one element. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Element(byte[] bytes, int length) {}

  public ElementRing(Region region) {
    this.region = region;
    this.allUnits = (region.byteSize() - START) / UNIT;
    this.senders = new Mutex(region, SENDERS);
    this.receivers = new Mutex(region, RECEIVERS);
    this.tail = new WaitPoint(region, TAIL);
    this.head = new WaitPoint(region, HEAD);
    this.state = new WaitPoint(region, STATE);
  }

  /**
   * Returns the bytes of a content that holds at least {@code bytes} of elements. Their number of
   * units is a power of two, so that the place of a position stays the same when the numbers of
   * positions begin anew.
   */
  public static long sizeFor(long bytes) {
    return RESERVED + Long.highestOneBit(2 * bytes - 1);
  }

  /** Returns the room for elements, in bytes. */
  public long bytes() {
    return allUnits * UNIT;
  }

  /** Returns whether an element of this length fits into the empty ring. */
  public boolean fits(int length) {
    return units(length) <= allUnits;
  }

  private static long units(long length) {
    return 1 + (length + UNIT - 1) / UNIT;
  }

  private static long after(long position, long length) {
    long units = ((position & UNITS) + units(length)) & UNITS;
    return (((position >>> COUNT_SHIFT) + 1) << COUNT_SHIFT) | units;
  }

  private static long countBetween(long from, long to) {
    return ((to >>> COUNT_SHIFT) - (from >>> COUNT_SHIFT)) & COUNTS;
  }

  private boolean hasRoom(long to, long length) {
    long from = head.get();
    return countBetween(from, to) < region.parameter()
        && (((to & UNITS) - (from & UNITS)) & UNITS) + units(length) <= allUnits;
  }

  private long placeOf(long position, long unit) {
    return START + ((position + unit) & (allUnits - 1)) * UNIT;
  }

  // ---- sending

  /**
   * Sends as many of the elements from {@code first} on as there is room for.
   *
   * @param nanos how long to wait for other senders, not for room
   * @return how many; -1 if the ring is closed; {@code Integer.MIN_VALUE} if the time was over
   */
  public int send(List<Element> elements, int first, long nanos) throws InterruptedException {
    if (senders.acquire(nanos) == Mutex.NOT_ACQUIRED) {
      return Integer.MIN_VALUE;
    }
    try {
      return put(elements, first);
    } finally {
      senders.release();
    }
  }

  /** Sends as {@link #send} does; an interrupt does not end the wait for other senders. */
  public int sendUninterruptibly(List<Element> elements, int first) {
    senders.acquireUninterruptibly();
    try {
      return put(elements, first);
    } finally {
      senders.release();
    }
  }

  private int put(List<Element> elements, int first) {
    if (state.get() != OPEN) {
      return -1;
    }
    long to = tail.get();
    int next = first;
    while (next < elements.size() && hasRoom(to, elements.get(next).length())) {
      write(to, elements.get(next));
      to = after(to, elements.get(next).length());
      next++;
    }
    if (next > first) {
      tail.set(to); // the one store that sends them: a death before it has sent nothing
      tail.ringOne();
      if (countBetween(head.get(), to) < region.parameter()) {
        head.ringOne(); // another sender may have room too
      }
    }
    return next - first;
  }

  private void write(long to, Element element) {
    MemorySegment memory = region.segment();
    memory.set(ValueLayout.JAVA_LONG, placeOf(to, 0), element.length());
    MemorySegment from = MemorySegment.ofArray(element.bytes());
    long place = placeOf(to, 1);
    long piece = Math.min(element.length(), START + bytes() - place);
    MemorySegment.copy(from, 0, memory, place, piece);
    MemorySegment.copy(from, piece, memory, START, element.length() - piece);
  }

  /**
   * Waits until there probably is room for an element of this length, or the ring is closed; false
   * if the time was over.
   */
  public boolean awaitRoom(int length, long nanos) throws InterruptedException {
    return head.await(nanos, () -> hasRoom(tail.get(), length) || state.get() != OPEN);
  }

  // ---- receiving

  /**
   * Takes at most {@code most} of the elements that are there.
   *
   * @param nanos how long to wait for other receivers, not for elements
   * @return empty if there is none now, or the time was over; null if the ring is closed and has no
   *     more
   */
  public @Nullable List<byte[]> receive(int most, long nanos) throws InterruptedException {
    if (receivers.acquire(nanos) == Mutex.NOT_ACQUIRED) {
      return List.of();
    }
    try {
      return take(most);
    } finally {
      receivers.release();
    }
  }

  /** Takes as {@link #receive} does; an interrupt does not end the wait for other receivers. */
  public @Nullable List<byte[]> receiveUninterruptibly(int most) {
    receivers.acquireUninterruptibly();
    try {
      return take(most);
    } finally {
      receivers.release();
    }
  }

  private @Nullable List<byte[]> take(int most) {
    // Read before the tail: it is closed after the last element was sent.
    long was = state.get();
    long from = head.get();
    long to = tail.get();
    if (was == FAILED || (was == DONE && from == to)) {
      return null;
    }
    var taken = new ArrayList<byte[]>(1);
    while (from != to && taken.size() < most) {
      byte[] bytes = read(from);
      taken.add(bytes);
      from = after(from, bytes.length);
    }
    if (!taken.isEmpty()) {
      head.set(from); // the one store that takes them: a death before it has taken nothing
      head.ringOne();
      if (from != to) {
        tail.ringOne(); // another receiver may take the next
      }
    }
    return taken;
  }

  private byte[] read(long from) {
    MemorySegment memory = region.segment();
    long length = memory.get(ValueLayout.JAVA_LONG, placeOf(from, 0));
    if (length < 0 || units(length) > allUnits) {
      throw new IllegalStateException(
          "this shared queue is damaged: it has an element of " + length + " bytes");
    }
    var bytes = new byte[Math.toIntExact(length)];
    MemorySegment to = MemorySegment.ofArray(bytes);
    long place = placeOf(from, 1);
    long piece = Math.min(length, START + bytes() - place);
    MemorySegment.copy(memory, place, to, 0, piece);
    MemorySegment.copy(memory, START, to, piece, length - piece);
    return bytes;
  }

  /**
   * Waits until there probably is an element, or the ring is closed; false if the time was over.
   */
  public boolean awaitElement(long nanos) throws InterruptedException {
    return tail.await(nanos, () -> head.get() != tail.get() || state.get() != OPEN);
  }

  /** Returns the number of elements now. */
  public int size() {
    long from = head.get();
    return (int) Math.min(countBetween(from, tail.get()), region.parameter());
  }

  // ---- closing

  public long state() {
    return state.get();
  }

  /**
   * Closes the ring.
   *
   * @param to {@link #DONE}, or {@link #FAILED} to drop what is in it
   * @param before runs first, if it is to be closed
   * @return whether this has closed it
   */
  public boolean close(long to, Runnable before) {
    senders.acquireUninterruptibly();
    try {
      long was = state.get();
      if (was >= to || (was == DONE && head.get() == tail.get())) {
        return false;
      }
      before.run();
      state.set(to);
    } finally {
      senders.release();
    }
    tail.ringAll();
    head.ringAll();
    return true;
  }
}
