package io.github.fornada.process.payload;

import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectStreamConstants;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds records that are reached again from their own components, in what was written.
 *
 * <p>A record is made when its components have been read. A component that refers to it would get
 * its {@link RecordForm} instead, and nobody would notice. The stream writes such a reference by
 * itself and tells nobody. So each form that may be reached from its own parts ends with a
 * reference to itself, which is a number; if the same reference stands anywhere before that, it may
 * be such a one. It may also be data that looks like it, so then the parts are asked.
 */
final class RecordTies {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private final MessageOutput out;

  /** Where the stream begins. */
  private final int start;

  private final Map<Integer, End> ends = new HashMap<>();
  private int lowest = Integer.MAX_VALUE;
  private int highest = Integer.MIN_VALUE;

  /** A form whose reference to itself is at {@code at}. */
  private record End(RecordForm form, int at) {}

  RecordTies(MessageOutput out, int start) {
    this.out = out;
    this.start = start;
  }

  /** A form has written a reference to itself at {@code at}. */
  void ends(RecordForm form, int at) {
    if (out.array()[at] != ObjectStreamConstants.TC_REFERENCE) {
      throw new AssertionError("no reference where one was written");
    }
    int number = (int) INT.get(out.array(), at + 1);
    ends.put(number, new End(form, at));
    lowest = Math.min(lowest, number);
    highest = Math.max(highest, number);
  }

  /**
   * Checks all that was written.
   *
   * @throws InvalidObjectException if a record is reached again from one of its components
   */
  void check() throws IOException {
    byte[] bytes = out.array();
    for (int i = start; i + 5 <= out.size(); i++) {
      if (bytes[i] == ObjectStreamConstants.TC_REFERENCE) {
        int number = (int) INT.get(bytes, i + 1);
        End end = number < lowest || number > highest ? null : ends.get(number);
        if (end != null) {
          if (i < end.at) {
            refuse(end.form);
          }
          ends.remove(number); // what comes later refers to a record that is whole
        }
      }
    }
  }

  private static void refuse(RecordForm form) throws IOException {
    String component = form.componentThatLeadsBack();
    if (component != null) {
      throw new InvalidObjectException(
          "a record of class "
              + form.type().getName()
              + " is reached again from its own component \""
              + component
              + "\": a record is made after its components, so none of them can refer to it in a"
              + " copy. Refer to it by a key or an index, or make it an ordinary class that"
              + " implements java.io.Serializable");
    }
  }

  /** Thrown where a form was written unshared: the stream has no reference to it. */
  static final class Unshared extends IOException {
    private static final long serialVersionUID = 1L;

    Unshared() {
      super("the record was written unshared");
    }

    @Override
    public synchronized @Nullable Throwable fillInStackTrace() {
      return this; // no stack: it is caught at once
    }
  }

  /** Thrown to end a search. */
  static final class Found extends IOException {
    private static final long serialVersionUID = 1L;

    Found() {
      super("the record was reached again");
    }

    @Override
    public synchronized @Nullable Throwable fillInStackTrace() {
      return this; // no stack: it is caught at once
    }
  }
}
