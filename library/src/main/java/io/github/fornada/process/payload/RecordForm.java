package io.github.fornada.process.payload;

import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.Serial;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * The form in which the JDK's serialization sends a record whose class is not {@link Serializable}:
 * its class and its components, which are its whole state.
 */
final class RecordForm implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  private final Class<?> type;

  @SuppressWarnings("serial") // they may fail to serialize when they are written
  private final @Nullable Object[] parts;

  private RecordForm(Class<?> type, @Nullable Object[] parts) {
    this.type = type;
    this.parts = parts;
  }

  /** Returns the form of a record that the JDK does not serialize; any other object unchanged. */
  static Object of(Object object) {
    if (!(object instanceof Record record) || object instanceof Serializable) {
      return object;
    }
    @Nullable Object[] parts = RecordShape.parts(record);
    return parts == null ? object : new RecordForm(object.getClass(), parts);
  }

  @Serial
  private Object readResolve() throws InvalidObjectException {
    try {
      return RecordShape.make(type, parts);
    } catch (IOException e) {
      var invalid = new InvalidObjectException(String.valueOf(e.getMessage()));
      invalid.initCause(e);
      throw invalid;
    }
  }
}
