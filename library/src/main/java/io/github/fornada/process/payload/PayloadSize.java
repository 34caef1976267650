package io.github.fornada.process.payload;

import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serial;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The size that a value would have as a payload. */
public final class PayloadSize {
  private PayloadSize() {}

  /**
   * Returns the bytes of {@code value} as a payload without a codec. Runs no user code and keeps
   * nothing of what it writes.
   *
   * @param limit what is returned for an object of which more bytes would have to be written
   * @throws UserCodeException if writing it would run user code
   * @throws java.io.NotSerializableException if it, or what it refers to, is not serializable
   */
  public static long of(@Nullable Object value, long limit) throws IOException {
    if (value == null) {
      return 1;
    }
    MemorySegment bytes = BulkValue.bytes(value);
    if (bytes != null) {
      return 1 + bytes.byteSize();
    }
    if (value instanceof String s) {
      return 1L + s.length(); // more if it is not ASCII
    }
    if (Payloads.isPlain(value)
        || (value instanceof Record r && RecordShape.isQuick(r))
        || LambdaForm.of(value) != null) {
      var out = new MessageOutput();
      Payloads.encodeWithoutUserCode(value, out);
      return out.size();
    }
    var counter = new Counter(limit);
    try {
      ObjectStreams.writeWithoutUserCode(value, counter);
    } catch (EnoughException e) {
      return limit;
    }
    return 1 + counter.count; // the tag comes first
  }

  private static final class EnoughException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this; // no stack: it is caught at once
    }
  }

  /** Counts what is written, up to a limit. */
  private static final class Counter extends OutputStream {
    private final long limit;
    private long count;

    Counter(long limit) {
      this.limit = limit;
    }

    @Override
    public void write(int b) throws IOException {
      add(1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      add(length);
    }

    private void add(int length) throws IOException {
      count += length;
      if (count > limit) {
        throw new EnoughException();
      }
    }
  }
}
