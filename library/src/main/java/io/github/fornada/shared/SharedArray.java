package io.github.fornada.shared;

import io.github.fornada.shared.memory.Region;
import java.io.Serial;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An array of numbers that all tasks of a pool read and write in place. Its elements are 0 at
 * first. It may have more than two billion elements.
 *
 * <p>Each method is for arrays with elements of the type that it names; {@link #segment} is for any
 * other access, such as a bulk copy.
 *
 * <p><b>Memory effects.</b> {@code get...} and {@code set...} are plain accesses, as to an element
 * of a Java array: use a {@link SharedLock}, a {@link SharedLatch} or the end of the tasks to order
 * them. {@code add...} and {@code compareAndSet...} are atomic, with the effects of a volatile
 * access.
 *
 * {@snippet :
 * SharedArray sums = SharedSpace.of(pool).doubles(1_000_000);
 * pool.map(rows, row -> {
 *   for (int i = 0; i < row.length(); i++) {
 *     sums.addDouble(i, row.at(i));
 *   }
 *   return null;
 * });
 * }
 *
 * <p>The idea comes from Python's {@code multiprocessing.Array} and {@code SharedMemory}; unlike
 * there, nobody attaches to it by name or counts its users, and a full disk is found when it is
 * made.
 */
public final class SharedArray extends SharedObject {
  @Serial private static final long serialVersionUID = 1L;

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final int TYPE_BITS = 8;

  /** The types of elements, with their codes in the file. */
  enum Type {
    BYTE(0, Byte.BYTES),
    SHORT(1, Short.BYTES),
    CHAR(2, Character.BYTES),
    INT(3, Integer.BYTES),
    LONG(4, Long.BYTES),
    FLOAT(5, Float.BYTES),
    DOUBLE(6, Double.BYTES);

    final int code;
    final int bytes;

    Type(int code, int bytes) {
      this.code = code;
      this.bytes = bytes;
    }

    /** Returns the parameter of an array with so many elements. */
    long parameter(long length) {
      return length << TYPE_BITS | code;
    }

    static Type of(long parameter) {
      for (Type type : values()) {
        if (type.code == (parameter & (1 << TYPE_BITS) - 1)) {
          return type;
        }
      }
      throw new IllegalStateException("an array with the parameter " + parameter);
    }
  }

  private record Content(Type type, MemorySegment bytes) {
    long length() {
      return bytes.byteSize() / type.bytes;
    }
  }

  /**
   * Null until it is first used in this process, and when it was freed; a race makes an equal one.
   */
  private transient volatile @Nullable Content content;

  SharedArray(Region region) {
    super(region);
  }

  private Content content() {
    Content known = content;
    if (known == null) {
      long parameter = region.parameter();
      Type type = Type.of(parameter);
      MemorySegment bytes =
          region.segment().asSlice(Region.PAGE, (parameter >>> TYPE_BITS) * type.bytes);
      known = new Content(type, bytes);
      content = known;
      region.whenFreed(() -> content = null);
    }
    return known;
  }

  /** Returns the memory of an array of this type that has element {@code i}. */
  private MemorySegment at(Type type, long i) {
    Content known = content();
    if (known.type != type) {
      throw new IllegalStateException(
          "this shared array has elements of type "
              + known.type.name().toLowerCase(Locale.ROOT)
              + ", not "
              + type.name().toLowerCase(Locale.ROOT)
              + "; segment() gives its memory for other accesses");
    }
    // First of all: the offset in bytes may overflow.
    var _ = Objects.checkIndex(i, known.length());
    return known.bytes;
  }

  /** Returns the number of elements. */
  public long length() {
    return content().length();
  }

  /**
   * Returns the memory, for reading and writing, in this machine's byte order. It may be used until
   * the array is freed.
   */
  public MemorySegment segment() {
    return content().bytes;
  }

  /** Returns element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public byte getByte(long i) {
    return at(Type.BYTE, i).getAtIndex(ValueLayout.JAVA_BYTE, i);
  }

  /** Sets element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public void setByte(long i, byte value) {
    at(Type.BYTE, i).setAtIndex(ValueLayout.JAVA_BYTE, i, value);
  }

  /** Returns element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public short getShort(long i) {
    return at(Type.SHORT, i).getAtIndex(ValueLayout.JAVA_SHORT, i);
  }

  /** Sets element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public void setShort(long i, short value) {
    at(Type.SHORT, i).setAtIndex(ValueLayout.JAVA_SHORT, i, value);
  }

  /** Returns element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public char getChar(long i) {
    return at(Type.CHAR, i).getAtIndex(ValueLayout.JAVA_CHAR, i);
  }

  /** Sets element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public void setChar(long i, char value) {
    at(Type.CHAR, i).setAtIndex(ValueLayout.JAVA_CHAR, i, value);
  }

  /** Returns element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public int getInt(long i) {
    return at(Type.INT, i).getAtIndex(ValueLayout.JAVA_INT, i);
  }

  /** Sets element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public void setInt(long i, int value) {
    at(Type.INT, i).setAtIndex(ValueLayout.JAVA_INT, i, value);
  }

  /** Adds {@code change} to element {@code i} atomically; returns the new value. */
  public int addInt(long i, int change) {
    return (int) INT.getAndAdd(at(Type.INT, i), i * Integer.BYTES, change) + change;
  }

  /** Sets element {@code i} atomically if it is {@code expected}; returns whether it was. */
  public boolean compareAndSetInt(long i, int expected, int value) {
    return INT.compareAndSet(at(Type.INT, i), i * Integer.BYTES, expected, value);
  }

  /** Returns element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public long getLong(long i) {
    return at(Type.LONG, i).getAtIndex(ValueLayout.JAVA_LONG, i);
  }

  /** Sets element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public void setLong(long i, long value) {
    at(Type.LONG, i).setAtIndex(ValueLayout.JAVA_LONG, i, value);
  }

  /** Adds {@code change} to element {@code i} atomically; returns the new value. */
  public long addLong(long i, long change) {
    return (long) LONG.getAndAdd(at(Type.LONG, i), i * Long.BYTES, change) + change;
  }

  /** Sets element {@code i} atomically if it is {@code expected}; returns whether it was. */
  public boolean compareAndSetLong(long i, long expected, long value) {
    return LONG.compareAndSet(at(Type.LONG, i), i * Long.BYTES, expected, value);
  }

  /** Returns element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public float getFloat(long i) {
    return at(Type.FLOAT, i).getAtIndex(ValueLayout.JAVA_FLOAT, i);
  }

  /** Sets element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public void setFloat(long i, float value) {
    at(Type.FLOAT, i).setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
  }

  /** Adds {@code change} to element {@code i} atomically; returns the new value. */
  public float addFloat(long i, float change) {
    MemorySegment bytes = at(Type.FLOAT, i);
    while (true) {
      int before = (int) INT.getVolatile(bytes, i * Float.BYTES);
      float after = Float.intBitsToFloat(before) + change;
      if (INT.compareAndSet(bytes, i * Float.BYTES, before, Float.floatToRawIntBits(after))) {
        return after;
      }
    }
  }

  /** Returns element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public double getDouble(long i) {
    return at(Type.DOUBLE, i).getAtIndex(ValueLayout.JAVA_DOUBLE, i);
  }

  /** Sets element {@code i}; {@link IndexOutOfBoundsException} if there is none. */
  public void setDouble(long i, double value) {
    at(Type.DOUBLE, i).setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
  }

  /** Adds {@code change} to element {@code i} atomically; returns the new value. */
  public double addDouble(long i, double change) {
    MemorySegment bytes = at(Type.DOUBLE, i);
    while (true) {
      long before = (long) LONG.getVolatile(bytes, i * Double.BYTES);
      double after = Double.longBitsToDouble(before) + change;
      if (LONG.compareAndSet(bytes, i * Double.BYTES, before, Double.doubleToRawLongBits(after))) {
        return after;
      }
    }
  }

  @Override
  public String toString() {
    return "SharedArray";
  }
}
