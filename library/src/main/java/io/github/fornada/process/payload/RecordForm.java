package io.github.fornada.process.payload;

import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.Serial;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * A record on its way to another process, among objects that go by the JDK's serialization, where
 * its class is not {@link Serializable}: as its class and its components, which say all there is.
 */
final class RecordForm implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  private final Class<?> type;

  @SuppressWarnings("serial") // whether they are serializable is seen when they are written
  private final @Nullable Object[] parts;

  private RecordForm(Class<?> type, @Nullable Object[] parts) {
    this.type = type;
    this.parts = parts;
  }

  /** The form of a record that the JDK does not serialize; the object itself for all else. */
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
