package io.github.fornada.process.wire;

import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing array of bytes in which messages are built; reused for many messages. */
public final class MessageOutput extends OutputStream {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** The largest array that is kept between messages; a larger one is dropped. */
  private static final int KEPT = 1 << 20;

  private static final int LONGEST = Integer.MAX_VALUE - 8;

  private byte[] bytes;
  private int size;

  public MessageOutput() {
    this(512);
  }

  /** Creates an output with room for so many bytes before it grows. */
  public MessageOutput(int room) {
    bytes = new byte[room];
  }

  public MessageOutput clear() {
    size = 0;
    if (bytes.length > KEPT) {
      bytes = new byte[512];
    }
    return this;
  }

  public int size() {
    return size;
  }

  public void truncate(int length) {
    size = length;
  }

  public byte[] array() {
    return bytes;
  }

  public byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  private int grow(int n) {
    if (n > LONGEST - size) {
      throw tooLarge();
    }
    int from = size;
    if (bytes.length - size < n) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(LONGEST, Math.max(size + n, bytes.length * 2L)));
    }
    size += n;
    return from;
  }

  /**
   * Makes room for {@code n} more bytes: adding so many cannot fail.
   *
   * @throws OutOfMemoryError if the heap has no room; nothing has changed then
   */
  public MessageOutput reserve(int n) {
    int before = size;
    var _ = grow(n);
    size = before;
    return this;
  }

  /** Leaves room for {@code n} bytes to be set later. */
  public MessageOutput skip(int n) {
    var _ = grow(n);
    return this;
  }

  public MessageOutput putByte(int value) {
    int from = grow(1);
    bytes[from] = (byte) value;
    return this;
  }

  public MessageOutput putInt(int value) {
    int from = grow(4);
    INT.set(bytes, from, value);
    return this;
  }

  public void setInt(int at, int value) {
    setInt(bytes, at, value);
  }

  public static void setInt(byte[] array, int at, int value) {
    INT.set(array, at, value);
  }

  public void setLong(int at, long value) {
    setLong(bytes, at, value);
  }

  public static void setLong(byte[] array, int at, long value) {
    LONG.set(array, at, value);
  }

  /** Inserts one byte at a position; the bytes behind it move up. */
  public void insertByte(int at, int value) {
    int last = grow(1);
    System.arraycopy(bytes, at, bytes, at + 1, last - at);
    bytes[at] = (byte) value;
  }

  public MessageOutput putLong(long value) {
    int from = grow(8);
    LONG.set(bytes, from, value);
    return this;
  }

  public MessageOutput putBytes(byte[] value) {
    putInt(value.length);
    write(value, 0, value.length);
    return this;
  }

  public MessageOutput putString(String value) {
    return putBytes(value.getBytes(StandardCharsets.UTF_8));
  }

  /** Appends the bytes of an array of primitives, in the machine's byte order. */
  public MessageOutput putArray(MemorySegment array) {
    if (array.byteSize() > LONGEST) {
      throw tooLarge();
    }
    int n = (int) array.byteSize();
    int from = grow(n);
    MemorySegment.copy(array, 0, MemorySegment.ofArray(bytes), from, n);
    return this;
  }

  private static PayloadTooLargeException tooLarge() {
    return new PayloadTooLargeException(
        "more than " + LONGEST + " bytes when serialized; pass a path or split the item");
  }

  @Override
  public void write(int value) {
    putByte(value);
  }

  @Override
  public void write(byte[] from, int offset, int length) {
    int at = grow(length);
    System.arraycopy(from, offset, bytes, at, length);
  }
}
