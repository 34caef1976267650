package io.github.fornada.process.wire;

import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads what {@link MessageOutput} wrote, checking every length against what is there. */
public final class MessageInput extends InputStream {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] bytes;
  private int at;
  private final int end;

  public MessageInput(byte[] bytes, int from, int length) {
    this.bytes = bytes;
    this.at = from;
    this.end = from + length;
  }

  public int remaining() {
    return end - at;
  }

  private int take(int n) throws CorruptFrameException {
    if (n < 0 || n > end - at) {
      throw new CorruptFrameException(n + " bytes asked for, " + (end - at) + " there");
    }
    int from = at;
    at += n;
    return from;
  }

  /** Takes the next {@code length} bytes as a separate input. */
  public MessageInput slice(int length) throws CorruptFrameException {
    return new MessageInput(bytes, take(length), length);
  }

  public byte getByte() throws CorruptFrameException {
    return bytes[take(1)];
  }

  public int getInt() throws CorruptFrameException {
    return (int) INT.get(bytes, take(4));
  }

  public long getLong() throws CorruptFrameException {
    return (long) LONG.get(bytes, take(8));
  }

  public byte[] getBytes() throws CorruptFrameException {
    int n = getInt();
    int from = take(n);
    return Arrays.copyOfRange(bytes, from, from + n);
  }

  /**
   * Skips {@code wanted}, as {@link MessageOutput#putBytes} wrote it, if it comes next; returns
   * whether it did.
   */
  public boolean skipIfNext(byte[] wanted) {
    int from = at + Integer.BYTES;
    int to = from + wanted.length;
    boolean next =
        end - at >= Integer.BYTES
            && (int) INT.get(bytes, at) == wanted.length
            && wanted.length <= end - from
            && Arrays.equals(bytes, from, to, wanted, 0, wanted.length);
    if (next) {
      at = to;
    }
    return next;
  }

  public String getString() throws CorruptFrameException {
    int n = getInt();
    return new String(bytes, take(n), n, StandardCharsets.UTF_8);
  }

  /** Returns all remaining bytes; they have no length before them. */
  public byte[] rest() throws CorruptFrameException {
    int n = remaining();
    int from = take(n);
    return Arrays.copyOfRange(bytes, from, from + n);
  }

  public byte[] array() {
    return bytes;
  }

  public int position() {
    return at;
  }

  @Override
  public int read() {
    return at < end ? bytes[at++] & 0xFF : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) {
    if (length == 0) {
      return 0;
    }
    int n = Math.min(length, end - at);
    if (n == 0) {
      return -1;
    }
    System.arraycopy(bytes, at, into, offset, n);
    at += n;
    return n;
  }

  @Override
  public int available() {
    return end - at;
  }
}
