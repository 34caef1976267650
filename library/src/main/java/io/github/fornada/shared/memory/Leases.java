package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The elements of an {@link ElementRing} that are on lease: taken, and to come back if their taker
 * dies. Each has a word, with its state and the number of the process that has it, and a copy of
 * its bytes in a region of its own, which is made when it is first needed.
 *
 * <p>The word is written before the ring's head moves, as TAKING, and again after that, as LEASED.
 * If a process dies as TAKING it still has the receivers' lock, so the head tells whether it has
 * taken the element. A lease ends by one store, which needs no lock.
 */
final class Leases {
  /** Returned where there is no room for another lease. */
  static final int NO_ROOM = -1;

  private static final int COUNT = 256; // Guess: more than processes of a pool work on at once

  // The word. FREE -> TAKING -> LEASED -> FREE by the taker; TAKING or LEASED -> RETURNED by the
  // parent, and TAKING -> FREE, when the taker is dead; RETURNED -> LEASED or FREE by the next
  // taker.
  private static final long ID = OwnerWord.MAX_ID;
  private static final int STATE_SHIFT = 28;
  private static final long STATE = 3L << STATE_SHIFT;
  private static final long TAKING = 1L << STATE_SHIFT;
  private static final long LEASED = 2L << STATE_SHIFT;
  private static final long RETURNED = 3L << STATE_SHIFT;
  private static final int DEATHS_SHIFT = 30;
  private static final long DEATHS = 255;
  private static final int NUMBER_SHIFT = 38;

  // A slot: the word, where the bytes are, and how many.
  private static final int SLOT = 4 * Long.BYTES;
  private static final int PLACE = Long.BYTES;
  private static final int LENGTH = 2 * Long.BYTES;
  private static final long START = Region.PAGE + ElementRing.TEXT_BYTES;

  /** Bytes of the table. */
  static final int BYTES = COUNT * SLOT;

  private static final int LINE = ElementRing.LEASES;

  private final Region region;
  private final LongFunction<Region> makesBytes;
  private final long allBytes;

  /** Its word is the number of slots that were ever used; processes wait here for room. */
  private final WaitPoint used;

  /** The region with the bytes; guarded by the receivers' lock. */
  private @Nullable Region bytes;

  /**
   * Creates this process's view.
   *
   * @param makesBytes gives the region for the bytes, with so many of them
   * @param allBytes the room for bytes
   */
  Leases(Region region, LongFunction<Region> makesBytes, long allBytes) {
    this.region = region;
    this.makesBytes = makesBytes;
    this.allBytes = allBytes;
    this.used = new WaitPoint(region, LINE);
  }

  private static long placeOf(int slot) {
    return START + (long) slot * SLOT;
  }

  private static long wordAt(MemorySegment memory, int slot) {
    return (long) Region.LONG.getVolatile(memory, placeOf(slot));
  }

  private static long word(long state, long id, long deaths, long number) {
    return id | state | deaths << DEATHS_SHIFT | number << NUMBER_SHIFT;
  }

  private long lengthOf(int slot) {
    return (long) Region.LONG.getVolatile(region.segment(), placeOf(slot) + LENGTH);
  }

  private Region bytes() {
    Region known = bytes;
    if (known == null) {
      known = makesBytes.apply(allBytes);
      bytes = known;
    }
    return known;
  }

  // ---- what the next taker finds

  /** Returns whether an element has come back. */
  boolean hasReturned() {
    MemorySegment memory = region.segment();
    int count = (int) used.get();
    for (int slot = 0; slot < count; slot++) {
      if ((wordAt(memory, slot) & STATE) == RETURNED) {
        return true;
      }
    }
    return false;
  }

  /** Returns the number of elements that have come back. */
  int returned() {
    MemorySegment memory = region.segment();
    int all = 0;
    int count = (int) used.get();
    for (int slot = 0; slot < count; slot++) {
      all += (wordAt(memory, slot) & STATE) == RETURNED ? 1 : 0;
    }
    return all;
  }

  /** Returns whether an element has come back, or may: another process has it. */
  boolean mayReturn() {
    MemorySegment memory = region.segment();
    long id = region.bell().id();
    int count = (int) used.get();
    for (int slot = 0; slot < count; slot++) {
      long word = wordAt(memory, slot);
      if ((word & STATE) == RETURNED || (word != 0 && (word & ID) != id)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns the slot of the first element that has come back; -1 if none has. The caller has the
   * receivers' lock.
   *
   * @param head the number of elements that were taken so far
   */
  int firstReturned(long head) {
    return returnedBefore(Long.MAX_VALUE, head);
  }

  /**
   * Returns the slot of the next one after that in {@code slot}, as {@link #firstReturned} does.
   */
  int returnedAfter(int slot, long head) {
    return returnedBefore(before(wordAt(region.segment(), slot), head), head);
  }

  /** Returns how many elements were taken since the one with this word. */
  private static long before(long word, long head) {
    return ElementRing.countFrom(word >>> NUMBER_SHIFT, head);
  }

  private int returnedBefore(long limit, long head) {
    MemorySegment memory = region.segment();
    int first = -1;
    long mostBefore = -1;
    int count = (int) used.get();
    for (int slot = 0; slot < count; slot++) {
      long word = wordAt(memory, slot);
      long before = before(word, head);
      if ((word & STATE) == RETURNED && before > mostBefore && before < limit) {
        first = slot;
        mostBefore = before;
      }
    }
    return first;
  }

  /** Returns the bytes of an element that has come back, or is on lease to this process. */
  byte[] bytesOf(int slot) {
    MemorySegment memory = region.segment();
    var copy = new byte[(int) lengthOf(slot)];
    long place = (long) Region.LONG.getVolatile(memory, placeOf(slot) + PLACE);
    MemorySegment.copy(
        bytes().segment(), Region.PAGE + place, MemorySegment.ofArray(copy), 0, copy.length);
    return copy;
  }

  int deathsOf(int slot) {
    return (int) (wordAt(region.segment(), slot) >>> DEATHS_SHIFT & DEATHS);
  }

  /** Returns the process that had the element in this slot, or has it. */
  long takerOf(int slot) {
    return wordAt(region.segment(), slot) & ID;
  }

  /** Takes an element that has come back on lease. The caller has the receivers' lock. */
  void leaseAgain(int slot) {
    MemorySegment memory = region.segment();
    long word = wordAt(memory, slot);
    long next = (word & ~(ID | STATE)) | LEASED | region.bell().id();
    Region.LONG.setVolatile(memory, placeOf(slot), next);
  }

  // ---- leasing

  /**
   * Begins to take an element on lease. The caller has the receivers' lock, moves the head next,
   * and then calls {@link #confirm}.
   *
   * @param head the number of elements that were taken so far
   * @return the slot; {@link #NO_ROOM} if there is none, or no room for the bytes
   */
  int begin(byte[] element, long head) {
    MemorySegment memory = region.segment();
    int slot = freeSlot(memory);
    long place = slot < 0 ? NO_ROOM : gap(memory, element.length);
    if (place < 0) {
      return NO_ROOM;
    }
    MemorySegment.copy(
        MemorySegment.ofArray(element), 0, bytes().segment(), Region.PAGE + place, element.length);
    Region.LONG.setVolatile(memory, placeOf(slot) + PLACE, place);
    Region.LONG.setVolatile(memory, placeOf(slot) + LENGTH, (long) element.length);
    if (slot >= used.get()) {
      used.set(slot + 1L); // before the word: recovery looks at so many
    }
    Region.LONG.setVolatile(memory, placeOf(slot), word(TAKING, region.bell().id(), 0, head));
    return slot;
  }

  /** Ends what {@link #begin} has begun: the head has moved. */
  void confirm(int slot) {
    MemorySegment memory = region.segment();
    long word = wordAt(memory, slot);
    Region.LONG.setVolatile(memory, placeOf(slot), (word & ~STATE) | LEASED);
  }

  private int freeSlot(MemorySegment memory) {
    for (int slot = 0; slot < COUNT; slot++) {
      if (wordAt(memory, slot) == 0) {
        return slot;
      }
    }
    return NO_ROOM;
  }

  private record Range(long from, long to) {}

  /** Returns where so many bytes are free; {@link #NO_ROOM} if nowhere. */
  private long gap(MemorySegment memory, long length) {
    int count = (int) used.get();
    var taken = new Range[count];
    int size = 0;
    for (int slot = 0; slot < count; slot++) {
      if (wordAt(memory, slot) != 0) {
        long from = (long) Region.LONG.getVolatile(memory, placeOf(slot) + PLACE);
        taken[size++] = new Range(from, from + rounded(lengthOf(slot)));
      }
    }
    Arrays.sort(taken, 0, size, Comparator.comparingLong(Range::from));
    long free = 0;
    for (int i = 0; i < size; i++) {
      if (taken[i].from() - free >= length) {
        return free;
      }
      free = Math.max(free, taken[i].to());
    }
    return allBytes - free >= length ? free : NO_ROOM;
  }

  private static long rounded(long length) {
    return (length + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
  }

  /**
   * Waits until there is room for an element of this length, or another reason to look again; false
   * if the time was over.
   */
  boolean awaitRoom(int length, long nanos, BooleanSupplier reason) throws InterruptedException {
    MemorySegment memory = region.segment();
    boolean isThere =
        used.await(
            nanos,
            () ->
                hasReturned()
                    || reason.getAsBoolean()
                    || (freeSlot(memory) >= 0 && gap(memory, length) >= 0),
            () -> freeSlot(memory) >= 0); // another one may need less
    if (isThere) {
      used.ringOne(); // others may find room too, and this process may find no element any more
    }
    return isThere;
  }

  void ringAll() {
    used.ringAll();
  }

  /** Ends a lease of this process, or takes for good what has come back under the lock. */
  void end(int slot) {
    Region.LONG.setVolatile(region.segment(), placeOf(slot), 0L);
    used.ringOne();
  }

  // ---- deaths

  static boolean wasUsedBy(MemorySegment page, long dead) {
    int count = used(page);
    for (int slot = 0; slot < count; slot++) {
      long word = wordAt(page, slot);
      if (word != 0 && (word & ID) == dead) {
        return true;
      }
    }
    return false;
  }

  private static int used(MemorySegment page) {
    return (int) (long) Region.LONG.getVolatile(page, Region.line(LINE));
  }

  /**
   * Makes what a dead process had on lease come back. Its locks have not yet been taken back. All
   * that wait must be rung afterwards.
   */
  static void recover(MemorySegment page, long dead) {
    int count = used(page);
    for (int slot = 0; slot < count; slot++) {
      long word = wordAt(page, slot);
      long state = word & STATE;
      if ((word & ID) == dead && (state == LEASED || state == TAKING)) {
        long number = word >>> NUMBER_SHIFT;
        long deaths = Math.min((word >>> DEATHS_SHIFT & DEATHS) + 1, DEATHS);
        boolean taken = state == LEASED || !ElementRing.isNext(page, number);
        Region.LONG.setVolatile(
            page, placeOf(slot), taken ? word(RETURNED, dead, deaths, number) : 0L);
      }
    }
  }

  /** Returns the shape of the region for the elements' bytes. */
  static Region.Shape shapeOfBytes() {
    return new Region.Shape(0, 0, 0, Region.ClaimedBy.NUMBER, 0);
  }
}
