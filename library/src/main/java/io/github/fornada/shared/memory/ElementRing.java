package io.github.fornada.shared.memory;

import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
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
  /** Bytes at the beginning of the content that are for the reason why it was closed. */
  public static final int TEXT_BYTES = 2048;

  /** Bytes of the content before the ring. */
  static final int RESERVED = TEXT_BYTES + Leases.BYTES + Hands.BYTES;

  /** The shape of a region with a ring. */
  public static Region.Shape shape(int capacity) {
    return new Region.Shape(LOCKS, POINTS, 0, Region.ClaimedBy.LEASE, capacity);
  }

  // OPEN -> DONE -> FAILED, OPEN -> FAILED. Written under the senders' lock.
  public static final long OPEN = 0;
  public static final long DONE = 1;
  public static final long FAILED = 2;

  /** The kind of an element that is in its encoded form. */
  public static final int ENCODED = 0;

  private static final byte[] NO_BYTES = {};

  // The first unit of an element: its kind, and its length in bytes. Of a few bytes it has their
  // number and 1 more instead, and the bytes themselves.
  private static final int KIND_SHIFT = 56;
  private static final int FEW_SHIFT = 48;
  private static final int FEW = FEW_SHIFT / Byte.SIZE;
  private static final long FEW_MASK = 255;
  private static final long LENGTH = (1L << FEW_SHIFT) - 1;

  private static final int UNIT = Long.BYTES;
  private static final long START = Region.PAGE + RESERVED;

  // A position has the number of elements so far in its upper bits and the number of units so far
  // in
  // its lower bits, each modulo its size, so that both move by one store.
  private static final int COUNT_SHIFT = 40;
  private static final long UNITS = (1L << COUNT_SHIFT) - 1;
  private static final long COUNTS = (1L << (64 - COUNT_SHIFT)) - 1;

  // The lines of its page. Processors fetch lines in pairs: each of these begins a pair, so that
  // senders and receivers do not take each other's.
  private static final int SENDERS = 2;
  private static final int RECEIVERS = 4;
  private static final int LOCKS = 4;
  private static final int TAIL = 6;
  private static final int HEAD = 8;
  private static final int STATE = 10;
  static final int LEASES = 12;
  private static final int POINTS = 8;

  // Words in the line of the tail, which senders write.
  /**
   * A position that the head has reached: the line of the head is read only if it tells too little.
   */
  private static final long KNOWN_HEAD = Region.line(TAIL) + 48;

  private static final long SENDERS_WAIT = Region.line(TAIL) + 56;

  // Words in the line of the head, which receivers write.
  /** The number of elements taken so far, or about to be. */
  private static final long TAKEN = Region.line(HEAD) + 40;

  /** A position that the tail has reached. */
  private static final long KNOWN_TAIL = Region.line(HEAD) + 48;

  private static final long RECEIVERS_WAIT = Region.line(HEAD) + 56;

  private final Region region;
  private final Rooms rooms;
  private final long allUnits;
  private final Mutex senders;
  private final Mutex receivers;

  /** The position behind the last element. Written under the senders' lock. */
  private final WaitPoint tail;

  /** The position of the first element. Written under the receivers' lock. */
  private final WaitPoint head;

  private final WaitPoint state;

  private final Leases leases;
  private final Hands hands;
  private final Pace sending = new Pace();
  private final Pace receiving = new Pace();

  /**
   * An element that is sent.
   *
   * @param bytes its encoded form, and perhaps more; none if there is {@code plain}
   * @param length its bytes
   * @param kind what its bytes are, for {@link Rooms}; {@link #ENCODED} for the encoded form
   * @param plain its bytes, where they are not in {@code bytes}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Element(byte[] bytes, int length, int kind, @Nullable MemorySegment plain) {
    public Element(byte[] bytes, int length) {
      this(bytes, length, ENCODED, null);
    }

    /**
     * Returns an element that is copied as it is.
     *
     * @param kind from 1 to 127
     * @param bytes more than 6, else the encoded form is as good
     */
    public static Element plain(int kind, MemorySegment bytes) {
      return new Element(NO_BYTES, Math.toIntExact(bytes.byteSize()), kind, bytes);
    }
  }

  /**
   * An element that was taken.
   *
   * @param bytes its encoded form; none if there is a room
   * @param room what its bytes were copied to, if it was sent plain
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Taken(byte[] bytes, int length, int kind, @Nullable Room room) {}

  /** What the bytes of an element are copied to. */
  public interface Room {
    MemorySegment bytes();
  }

  /** Makes room for elements that were sent plain. Called under a lock: runs no code of users. */
  @FunctionalInterface
  public interface Rooms {
    Room make(int kind, long length);
  }

  /**
   * An element on lease.
   *
   * @param slot what {@link #endLease} needs
   * @param deaths how many processes have died with it so far
   * @param died the last of them; 0 for none
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Lease(byte[] bytes, int slot, int deaths, long died) {}

  /**
   * What came of an attempt to take an element on lease.
   *
   * @param lease null if there was no element, or no room for another lease
   * @param needs the bytes for which there was no room; -1 if that was not the reason
   */
  public record Attempt(@Nullable Lease lease, int needs) {
    static final Attempt NOTHING = new Attempt(null, -1);
  }

  public ElementRing(Region region, Rooms rooms) {
    this(region, rooms, bytes -> region.space().leased(region, bytes));
  }

  ElementRing(Region region, Rooms rooms, LongFunction<Region> makesLeased) {
    this.region = region;
    this.rooms = rooms;
    this.allUnits = (region.byteSize() - START) / UNIT;
    this.senders = new Mutex(region, SENDERS);
    this.receivers = new Mutex(region, RECEIVERS);
    this.tail = new WaitPoint(region, TAIL, RECEIVERS_WAIT);
    this.head = new WaitPoint(region, HEAD, SENDERS_WAIT);
    this.state = new WaitPoint(region, STATE);
    this.leases = new Leases(region, makesLeased, allUnits * UNIT);
    this.hands = new Hands(region);
  }

  Region region() {
    return region;
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
  public boolean fits(long length) {
    return units(length) <= allUnits;
  }

  private static long units(long length) {
    return length <= FEW ? 1 : 1 + (length + UNIT - 1) / UNIT;
  }

  private static long after(long position, long length) {
    long units = ((position & UNITS) + units(length)) & UNITS;
    return (((position >>> COUNT_SHIFT) + 1) << COUNT_SHIFT) | units;
  }

  private static long countBetween(long from, long to) {
    return ((to >>> COUNT_SHIFT) - (from >>> COUNT_SHIFT)) & COUNTS;
  }

  /** Returns how many elements there are from one number to another, both modulo their size. */
  static long countFrom(long from, long to) {
    return (to - from) & COUNTS;
  }

  private static long unitsBetween(long from, long to) {
    return ((to & UNITS) - (from & UNITS)) & UNITS;
  }

  private boolean hasRoom(long from, long to, long length) {
    return countBetween(from, to) < region.parameter()
        && unitsBetween(from, to) + units(length) <= allUnits;
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
    if (acquire(senders, nanos, head) == Mutex.NOT_ACQUIRED) {
      return Integer.MIN_VALUE;
    }
    try {
      return put(elements, first);
    } finally {
      senders.release();
    }
  }

  /** Acquires a lock. Who gives up may have been rung for what another one waits for. */
  private static long acquire(Mutex lock, long nanos, WaitPoint awaited)
      throws InterruptedException {
    long result;
    try {
      result = lock.acquire(nanos);
    } catch (InterruptedException e) {
      awaited.ringOne();
      throw e;
    }
    if (result == Mutex.NOT_ACQUIRED) {
      awaited.ringOne();
    }
    return result;
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
    MemorySegment memory = region.segment();
    long from = memory.get(ValueLayout.JAVA_LONG, KNOWN_HEAD);
    long to = tail.get();
    int next = first;
    while (next < elements.size()) {
      Element element = elements.get(next);
      if (!hasRoom(from, to, element.length())) {
        from = head.get();
        memory.set(ValueLayout.JAVA_LONG, KNOWN_HEAD, from);
        if (!hasRoom(from, to, element.length())) {
          break;
        }
      }
      write(to, element);
      to = after(to, element.length());
      next++;
    }
    if (next > first) {
      tail.set(to); // the one store that sends them: a death before it has sent nothing
      tail.ringOne();
      sending.moved(next - first);
      if (head.isPerhapsAwaited() && countBetween(head.get(), to) < region.parameter()) {
        head.passOn(); // another sender may have room too
      }
    }
    return next - first;
  }

  private void write(long to, Element element) {
    MemorySegment memory = region.segment();
    int length = element.length();
    long kind = (long) element.kind() << KIND_SHIFT;
    if (length <= FEW) {
      long few = (length + 1L) << FEW_SHIFT;
      memory.set(ValueLayout.JAVA_LONG, placeOf(to, 0), few | fewBytes(element.bytes(), length));
      return;
    }
    memory.set(ValueLayout.JAVA_LONG, placeOf(to, 0), kind | length);
    MemorySegment plain = element.plain();
    MemorySegment from = plain == null ? MemorySegment.ofArray(element.bytes()) : plain;
    long place = placeOf(to, 1);
    long piece = Math.min(length, START + bytes() - place);
    MemorySegment.copy(from, 0, memory, place, piece);
    if (piece < length) {
      MemorySegment.copy(from, piece, memory, START, length - piece);
    }
  }

  private static long fewBytes(byte[] bytes, int length) {
    long all = 0;
    for (int i = 0; i < length; i++) {
      all |= (bytes[i] & 255L) << (i * Byte.SIZE);
    }
    return all;
  }

  /**
   * Waits until there probably is room for an element of this length, or the ring is closed; false
   * if the time was over.
   */
  public boolean awaitRoom(int length, long nanos) throws InterruptedException {
    if (sending.nap(nanos)) {
      long from = head.get();
      long to = tail.get();
      long free = region.parameter() - countBetween(from, to);
      sending.judge(free, isMuch(free, allUnits - unitsBetween(from, to)));
    }
    return head.await(
        nanos,
        () -> hasRoom(head.get(), tail.get(), length) || state.get() != OPEN,
        () -> hasRoom(head.get(), tail.get(), 0)); // another one may send less
  }

  /** Returns whether so many elements and units are more than half of the ring. */
  private boolean isMuch(long elements, long units) {
    return elements > region.parameter() / 2 || units > allUnits / 2;
  }

  // ---- receiving

  /**
   * Takes at most {@code most} of the elements that are there.
   *
   * @param nanos how long to wait for other receivers, not for elements
   * @return empty if there is none now, or the time was over; null if the ring is closed and has no
   *     more
   */
  public @Nullable List<Taken> receive(int most, long nanos) throws InterruptedException {
    if (acquire(receivers, nanos, tail) == Mutex.NOT_ACQUIRED) {
      return List.of();
    }
    try {
      return take(most);
    } finally {
      receivers.release();
    }
  }

  /** Takes as {@link #receive} does; an interrupt does not end the wait for other receivers. */
  public @Nullable List<Taken> receiveUninterruptibly(int most) {
    receivers.acquireUninterruptibly();
    try {
      return take(most);
    } finally {
      receivers.release();
    }
  }

  private @Nullable List<Taken> take(int most) {
    try {
      return takeAll(most);
    } catch (OutOfMemoryError e) {
      tail.ringOne(); // another process may have room for what stays here
      throw e;
    }
  }

  /** Reads all first, and then takes it: an element that there is no memory for takes nothing. */
  private @Nullable List<Taken> takeAll(int most) {
    // Read before the tail: it is closed after the last element was sent.
    long was = state.get();
    MemorySegment memory = region.segment();
    long from = head.get();
    long to = memory.get(ValueLayout.JAVA_LONG, KNOWN_TAIL);
    if (from == to || most > 1) {
      to = newTail();
    }
    if (hasEnded(was, from, to)) {
      return null;
    }
    var elements = new ArrayList<Taken>(1);
    List<Integer> returned = readReturned(elements, most, from);
    long first = from;
    while (from != to && elements.size() < most) {
      Taken element = read(from);
      elements.add(element);
      from = after(from, element.length());
    }
    if (from != first) {
      long number = numberOf(first) + countBetween(first, from);
      hands.take(number);
      memory.set(ValueLayout.JAVA_LONG, TAKEN, number);
      head.set(from); // the one store that takes them: a death before it has taken nothing
      head.ringOne();
      receiving.moved(elements.size());
    }
    for (int i = 0; i < returned.size(); i++) { // an iterator would need memory
      leases.end(returned.get(i));
    }
    if (!returned.isEmpty() && was != OPEN) {
      tail.ringAll(); // it may have been what the others still waited for
    }
    if (!elements.isEmpty()) {
      ringNextReceiver(from);
    }
    return elements;
  }

  /** Reads the tail, and keeps it for the next receiver. The head never passes what is kept. */
  private long newTail() {
    long to = tail.get();
    region.segment().set(ValueLayout.JAVA_LONG, KNOWN_TAIL, to);
    return to;
  }

  /** Another receiver may take the next element, if there is one. */
  private void ringNextReceiver(long from) {
    if (tail.isPerhapsAwaited() && (from != tail.get() || leases.hasReturned())) {
      tail.passOn();
    }
  }

  /** Reads elements that have come back; returns their slots. */
  private List<Integer> readReturned(List<Taken> into, int most, long from) {
    int slot = leases.firstReturned(from >>> COUNT_SHIFT);
    if (slot < 0) {
      return List.of();
    }
    var slots = new ArrayList<Integer>();
    while (slot >= 0 && slots.size() < most) {
      byte[] bytes = leases.bytesOf(slot);
      into.add(new Taken(bytes, bytes.length, ENCODED, null));
      slots.add(slot);
      slot = leases.returnedAfter(slot, from >>> COUNT_SHIFT);
    }
    return slots;
  }

  /** Returns the number of elements taken before this position, not modulo anything. */
  private long numberOf(long position) {
    long known = region.segment().get(ValueLayout.JAVA_LONG, TAKEN);
    // A death may have left it ahead of the head, by less than half of what a position counts.
    long ahead = ((known - (position >>> COUNT_SHIFT)) << COUNT_SHIFT) >> COUNT_SHIFT;
    return known - ahead;
  }

  /** Returns whether there is no element, and none to come. */
  private boolean hasEnded(long was, long from, long to) {
    return was == FAILED || (was == DONE && from == to && !leases.mayReturn());
  }

  // ---- leasing

  /**
   * Takes the first element on lease, if there is one.
   *
   * @param nanos how long to wait for other receivers, not for elements
   * @return null if the ring is closed and has no more
   */
  public @Nullable Attempt lease(long nanos) throws InterruptedException {
    if (acquire(receivers, nanos, tail) == Mutex.NOT_ACQUIRED) {
      return Attempt.NOTHING;
    }
    try {
      return takeOnLease();
    } finally {
      receivers.release();
    }
  }

  /** Leases as {@link #lease} does; an interrupt does not end the wait for other receivers. */
  public @Nullable Attempt leaseUninterruptibly() {
    receivers.acquireUninterruptibly();
    try {
      return takeOnLease();
    } finally {
      receivers.release();
    }
  }

  private @Nullable Attempt takeOnLease() {
    try {
      return takeFirstOnLease();
    } catch (OutOfMemoryError | UncheckedIOException e) {
      tail.ringOne(); // another process may have room for it
      throw e;
    }
  }

  private @Nullable Attempt takeFirstOnLease() {
    long was = state.get();
    long from = head.get();
    long to = newTail();
    if (hasEnded(was, from, to)) {
      return null;
    }
    int slot = leases.firstReturned(from >>> COUNT_SHIFT);
    if (slot >= 0) {
      var lease =
          new Lease(leases.bytesOf(slot), slot, leases.deathsOf(slot), leases.takerOf(slot));
      leases.leaseAgain(slot);
      ringNextReceiver(from);
      return new Attempt(lease, -1);
    }
    if (from == to) {
      return Attempt.NOTHING;
    }
    Taken element = read(from);
    byte[] bytes = encoded(element);
    slot = leases.begin(bytes, from >>> COUNT_SHIFT);
    if (slot == Leases.NO_ROOM) {
      tail.ringOne(); // another may receive it, which needs no room
      return new Attempt(null, bytes.length);
    }
    region.segment().set(ValueLayout.JAVA_LONG, TAKEN, numberOf(from) + 1);
    long next = after(from, element.length());
    head.set(next); // the one store that takes it: a death before it has taken nothing
    leases.confirm(slot);
    head.ringOne();
    ringNextReceiver(next);
    return new Attempt(new Lease(bytes, slot, 0, 0), -1);
  }

  /** Returns the encoded form, which for an element that was sent plain begins with its kind. */
  private static byte[] encoded(Taken element) {
    Room room = element.room();
    if (room == null) {
      return element.bytes();
    }
    var whole = new byte[1 + element.length()];
    whole[0] = (byte) element.kind();
    MemorySegment.copy(room.bytes(), 0, MemorySegment.ofArray(whole), 1, element.length());
    return whole;
  }

  /** Ends a lease of this process: the element is done. */
  public void endLease(int slot) {
    leases.end(slot);
    if (state.get() != OPEN) {
      tail.ringAll(); // it may have been what the others still waited for
    }
  }

  /**
   * Waits until another attempt at a lease probably has an element, or the ring is closed and has
   * no more; false if the time was over.
   *
   * @param last the last attempt, which had none
   */
  public boolean awaitLease(Attempt last, long nanos) throws InterruptedException {
    return last.needs() < 0
        ? awaitElement(nanos)
        : leases.awaitRoom(last.needs(), nanos, () -> state.get() == FAILED);
  }

  // ---- deaths

  private static long takenBefore(MemorySegment page) {
    return (long) Region.LONG.getVolatile(page, Region.line(HEAD)) >>> COUNT_SHIFT;
  }

  /** Returns whether the element with this number, modulo its size, is the next to be taken. */
  static boolean isNext(MemorySegment page, long number) {
    return takenBefore(page) == (number & COUNTS);
  }

  /**
   * Returns whether a dead process was about to take the elements up to this number, and has not.
   */
  static boolean wasTaking(MemorySegment page, long dead, long number) {
    long ahead = countFrom(takenBefore(page), number);
    return OwnerWord.isOwnedBy(page, Region.line(RECEIVERS), dead)
        && ahead > 0
        && ahead <= COUNTS / 2;
  }

  private Taken read(long from) {
    MemorySegment memory = region.segment();
    long header = memory.get(ValueLayout.JAVA_LONG, placeOf(from, 0));
    int kind = (int) (header >>> KIND_SHIFT);
    long few = header >>> FEW_SHIFT & FEW_MASK;
    long length = few == 0 ? header & LENGTH : few - 1;
    if (few > FEW + 1 || units(length) > allUnits) {
      throw new IllegalStateException(
          "this shared queue is damaged: it has an element of " + length + " bytes");
    }
    Room room = kind == ENCODED || few > 0 ? null : rooms.make(kind, length);
    byte[] bytes = room == null ? new byte[Math.toIntExact(length)] : NO_BYTES;
    if (few > 0) { // never plain
      for (int i = 0; i < length; i++) {
        bytes[i] = (byte) (header >>> (i * Byte.SIZE));
      }
      return new Taken(bytes, (int) length, ENCODED, null);
    }
    MemorySegment to = room == null ? MemorySegment.ofArray(bytes) : room.bytes();
    long place = placeOf(from, 1);
    long piece = Math.min(length, START + bytes() - place);
    MemorySegment.copy(memory, place, to, 0, piece);
    if (piece < length) {
      MemorySegment.copy(memory, START, to, piece, length - piece);
    }
    return new Taken(bytes, (int) length, kind, room);
  }

  /**
   * Waits until there probably is an element, or the ring is closed; false if the time was over.
   */
  public boolean awaitElement(long nanos) throws InterruptedException {
    if (receiving.nap(nanos)) {
      long from = head.get();
      long to = tail.get();
      long there = countBetween(from, to);
      receiving.judge(there, isMuch(there, unitsBetween(from, to)));
    }
    return tail.await(
        nanos,
        () -> {
          long was = state.get();
          long from = head.get();
          long to = tail.get();
          return from != to || leases.hasReturned() || hasEnded(was, from, to);
        });
  }

  /** Returns the number of elements now. */
  public int size() {
    if (state.get() == FAILED) {
      return 0; // what was in it is dropped
    }
    long from = head.get();
    long inRing = Math.min(countBetween(from, tail.get()), region.parameter());
    return (int) inRing + leases.returned();
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
      if (was >= to || hasEnded(was, head.get(), tail.get())) {
        return false;
      }
      before.run();
      state.set(to);
    } finally {
      senders.release();
    }
    tail.ringAll();
    head.ringAll();
    leases.ringAll();
    return true;
  }
}
