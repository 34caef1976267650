package io.github.fornada.process.payload;

import io.github.fornada.process.wire.CorruptFrameException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A value that consists of its bytes: an array of primitives, a {@link ByteBuffer} from its
 * position to its limit, or a {@link MemorySegment}. The copy of a buffer or a segment is on the
 * heap, wherever the original was.
 *
 * @param value the value
 * @param bytes its bytes, in the machine's byte order, because both sides are on one machine
 */
public record BulkValue(Object value, MemorySegment bytes) {
  static final byte BYTES = 7;
  static final byte INTS = 8;
  static final byte LONGS = 9;
  static final byte DOUBLES = 10;
  static final byte FLOATS = 14;
  static final byte SHORTS = 15;
  static final byte CHARS = 16;
  static final byte BIG_ENDIAN_BUFFER = 17;
  static final byte LITTLE_ENDIAN_BUFFER = 18;
  static final byte SEGMENT = 19;

  static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

  /** Returns the bytes of such a value; null for any other value. */
  static @Nullable MemorySegment bytes(@Nullable Object value) {
    // Frequent types come first. No switch over types: Payloads has the reason.
    if (value == null || value instanceof Number || value instanceof String) {
      return null;
    }
    if (value.getClass().isArray()) {
      return array(value);
    }
    if (value instanceof ByteBuffer b) {
      return MemorySegment.ofBuffer(b);
    }
    return value instanceof MemorySegment s ? s : null;
  }

  private static @Nullable MemorySegment array(Object value) {
    if (value instanceof byte[] a) {
      return MemorySegment.ofArray(a);
    }
    if (value instanceof int[] a) {
      return MemorySegment.ofArray(a);
    }
    if (value instanceof long[] a) {
      return MemorySegment.ofArray(a);
    }
    if (value instanceof double[] a) {
      return MemorySegment.ofArray(a);
    }
    if (value instanceof float[] a) {
      return MemorySegment.ofArray(a);
    }
    if (value instanceof short[] a) {
      return MemorySegment.ofArray(a);
    }
    return value instanceof char[] a ? MemorySegment.ofArray(a) : null;
  }

  /** Returns the tag for the kind of such a value. */
  public static int tag(Object value) {
    if (value instanceof byte[]) { // the first use of the switch takes milliseconds
      return BYTES;
    }
    return switch (value) {
      case byte[] a -> BYTES;
      case int[] a -> INTS;
      case long[] a -> LONGS;
      case double[] a -> DOUBLES;
      case float[] a -> FLOATS;
      case short[] a -> SHORTS;
      case char[] a -> CHARS;
      case ByteBuffer b ->
          b.order() == ByteOrder.BIG_ENDIAN ? BIG_ENDIAN_BUFFER : LITTLE_ENDIAN_BUFFER;
      case MemorySegment s -> SEGMENT;
      default -> throw new IllegalArgumentException(value.getClass().getName());
    };
  }

  /** Returns a new value of this size in bytes. */
  public static BulkValue make(int tag, long size) throws CorruptFrameException {
    int each =
        switch (tag) {
          case SHORTS, CHARS -> 2;
          case INTS, FLOATS -> 4;
          case LONGS, DOUBLES -> 8;
          default -> 1;
        };
    // A segment is backed by an array of longs, so that it is aligned for all types.
    long length = tag == SEGMENT ? Math.ceilDiv(size, Long.BYTES) : size / each;
    if (size < 0 || size % each != 0 || length > LONGEST_ARRAY) {
      throw new CorruptFrameException("array of " + size + " bytes");
    }
    int n = (int) length;
    return switch (tag) {
      case BYTES -> of(new byte[n]);
      case INTS -> of(new int[n]);
      case LONGS -> of(new long[n]);
      case DOUBLES -> of(new double[n]);
      case FLOATS -> of(new float[n]);
      case SHORTS -> of(new short[n]);
      case CHARS -> of(new char[n]);
      case BIG_ENDIAN_BUFFER -> of(ByteBuffer.allocate(n).order(ByteOrder.BIG_ENDIAN));
      case LITTLE_ENDIAN_BUFFER -> of(ByteBuffer.allocate(n).order(ByteOrder.LITTLE_ENDIAN));
      case SEGMENT -> of(MemorySegment.ofArray(new long[n]).asSlice(0, size));
      default -> throw new CorruptFrameException("payload of kind " + tag);
    };
  }

  /** Returns whether this has the kind and size of what {@link #make} would return. */
  boolean is(int kind, long size) {
    return bytes.byteSize() == size && tag(value) == kind;
  }

  private static BulkValue of(Object value) {
    return new BulkValue(value, Objects.requireNonNull(bytes(value)));
  }
}
