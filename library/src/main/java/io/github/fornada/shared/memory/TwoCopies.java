package io.github.fornada.shared.memory;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A byte string that is replaced as a whole: two copies, and a word that says which of them is the
 * valid one. A writer has the lock, writes the other copy, and then moves the word. So a death
 * leaves the old value or the new one, and readers never wait for a writer.
 *
 * <p>Readers take no lock: they look at the word again after they have copied, and begin anew if it
 * has moved, because the next writer may have begun to write what they were reading.
 */
public final class TwoCopies {
  private static final int LOCK = 1;
  private static final int VERSION = 2;

  /** The shape of a region for a value of at most so many bytes. */
  public static Region.Shape shape(long most) {
    return new Region.Shape(1, 1, 0, Region.ClaimedBy.NUMBER, most);
  }

  /** Returns the bytes of the content of a region for a value of at most so many bytes. */
  public static long sizeFor(long most) {
    return 2 * copySize(most);
  }

  private static long copySize(long most) {
    return Long.BYTES + words(most) * Long.BYTES;
  }

  private static long words(long bytes) {
    return (bytes + Long.BYTES - 1) / Long.BYTES;
  }

  private final Region region;
  private final Mutex mutex;

  /** The number of values so far. An even one is in the first copy, an odd one in the second. */
  private final WaitPoint version;

  public TwoCopies(Region region) {
    this.region = region;
    this.mutex = new Mutex(region, LOCK);
    this.version = new WaitPoint(region, VERSION);
  }

  Region region() {
    return region;
  }

  /** Returns the lock that a writer must have. */
  public Mutex mutex() {
    return mutex;
  }

  /** Returns the number of bytes of the longest value. */
  public long most() {
    return region.parameter();
  }

  private long placeOf(long number) {
    return Region.PAGE + (number & 1) * copySize(most());
  }

  /** Returns the value. Never waits for a lock; is repeated if a writer was quicker. */
  public ElementRing.Element read() {
    while (true) {
      long number = version.get();
      ElementRing.Element value = copyAt(placeOf(number));
      if (!hasMoved(number)) {
        return value;
      }
    }
  }

  private boolean hasMoved(long number) {
    return version.get() != number;
  }

  private ElementRing.Element copyAt(long place) {
    MemorySegment memory = region.segment();
    long length = (long) Region.LONG.getAcquire(memory, place);
    // While it is overwritten it may be the length of a value that is not yet there.
    int words = (int) words(Math.clamp(length, 0, most()));
    var bytes = new byte[words * Long.BYTES];
    ByteBuffer to = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    for (int i = 0; i < words; i++) {
      // Acquire: a word of the next value but one shows that the version has moved.
      to.putLong(
          i * Long.BYTES, (long) Region.LONG.getAcquire(memory, place + (1L + i) * Long.BYTES));
    }
    return new ElementRing.Element(bytes, (int) length);
  }

  /**
   * Replaces the value. The caller has the lock.
   *
   * @param bytes at least as many as {@code length}
   * @param length at most {@link #most}
   */
  public void write(byte[] bytes, int length) {
    MemorySegment memory = region.segment();
    long number = version.get() + 1;
    long place = placeOf(number);
    Region.LONG.setRelease(memory, place, (long) length);
    ByteBuffer from = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    int whole = length / Long.BYTES;
    for (int i = 0; i < whole; i++) {
      Region.LONG.setRelease(memory, place + (1L + i) * Long.BYTES, from.getLong(i * Long.BYTES));
    }
    if (whole * Long.BYTES < length) {
      ByteBuffer rest = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
      rest.put(0, bytes, whole * Long.BYTES, length - whole * Long.BYTES);
      Region.LONG.setRelease(memory, place + (1L + whole) * Long.BYTES, rest.getLong(0));
    }
    version.set(number); // the one store that replaces it: a death before it leaves the old value
  }
}
