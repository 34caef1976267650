package io.github.fornada.process.payload;

import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectOutputStream;
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

  /** The record itself, where it is written. */
  private final transient @Nullable Record record;

  /** A stream that looks for forms that are reached again from their own parts. */
  interface Watcher {
    /** A form has written its parts; it writes nothing more by itself. */
    void ends(RecordForm form) throws IOException;
  }

  private RecordForm(Record record, @Nullable Object[] parts) {
    this.type = record.getClass();
    this.parts = parts;
    this.record = record;
  }

  Class<?> type() {
    return type;
  }

  /**
   * Returns the name of a component from which the record is reached again; null for none. Writes
   * the components once more, which may run user code.
   */
  @Nullable String componentThatLeadsBack() throws IOException {
    for (int i = 0; i < parts.length; i++) {
      if (record != null && parts[i] != null && ObjectStreams.leadsTo(parts[i], record)) {
        return type.getRecordComponents()[i].getName();
      }
    }
    return null;
  }

  @Serial
  private void writeObject(ObjectOutputStream out) throws IOException {
    out.defaultWriteObject();
    if (out instanceof Watcher watcher && !Immutables.isOfFixed(type)) {
      watcher.ends(this);
    }
  }

  /** Returns the form of a record that the JDK does not serialize; any other object unchanged. */
  static Object of(Object object) {
    if (!(object instanceof Record record) || object instanceof Serializable) {
      return object;
    }
    @Nullable Object[] parts = RecordShape.parts(record);
    return parts == null ? object : new RecordForm(record, parts);
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
