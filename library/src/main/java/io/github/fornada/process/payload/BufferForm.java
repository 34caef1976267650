package io.github.fornada.process.payload;

import io.github.fornada.process.wire.CorruptFrameException;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.Serial;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * The form in which a {@link ByteBuffer} or a {@link MemorySegment} is sent to another process
 * where it is a part of an object that the JDK's serialization writes, which knows neither.
 *
 * @param tag its kind: see {@link BulkValue}
 * @param bytes its bytes
 */
@SuppressWarnings("ArrayRecordComponent") // not compared
public record BufferForm(int tag, byte[] bytes) implements Serializable {
  /** Returns whether an object is sent in this form. */
  static boolean isFor(Object object) {
    return object instanceof ByteBuffer || object instanceof MemorySegment;
  }

  static BufferForm of(Object object) throws IOException {
    MemorySegment bytes = BulkValue.bytes(object);
    if (bytes == null) {
      throw new IllegalArgumentException(object.getClass().getName());
    }
    if (bytes.byteSize() > BulkValue.LONGEST_ARRAY) {
      throw new InvalidObjectException(
          "a MemorySegment of "
              + bytes.byteSize()
              + " bytes can be sent by itself or as a component of a small record, not within"
              + " another object: there it may have "
              + BulkValue.LONGEST_ARRAY);
    }
    var copy = new byte[(int) bytes.byteSize()];
    MemorySegment.copy(bytes, 0, MemorySegment.ofArray(copy), 0, copy.length);
    return new BufferForm(BulkValue.tag(object), copy);
  }

  @Serial
  private Object readResolve() throws InvalidObjectException {
    try {
      BulkValue made = BulkValue.make(tag, bytes.length);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, made.bytes(), 0, bytes.length);
      return made.value();
    } catch (CorruptFrameException e) {
      throw new InvalidObjectException(e.getMessage(), e);
    }
  }
}
