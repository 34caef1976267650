package io.github.fornada.process;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A message to a worker that is being put together, and the file that goes with it if it is long.
 */
final class Parcel {
  private final Engine pool;
  private final Encoding encoding;
  private final String filePrefix;
  private final Output body = new Output();
  private long files;

  /** The file of the payload made last; null if it is in its message. */
  private @Nullable String file;

  Parcel(Engine pool, int place, Encoding encoding) {
    this.pool = pool;
    this.encoding = encoding;
    this.filePrefix = "argument-" + place + "-";
  }

  /** In the place of one whose thread does not come back and may go on writing to its body. */
  Parcel(Parcel stuck, Encoding encoding) {
    this.pool = stuck.pool;
    this.encoding = encoding;
    this.filePrefix = stuck.filePrefix;
    this.files = stuck.files;
  }

  Output body() {
    return body;
  }

  @Nullable String file() {
    return file;
  }

  /** Appends a payload, or where it is. Returns its size. */
  int put(@Nullable Object value, @Nullable Coder by) throws IOException {
    file = null;
    int from = body.size();
    MemorySegment large = Payloads.largeArray(value);
    if (value != null && large != null) {
      String name = pool.buffers().store(large);
      if (name == null) {
        name = filePrefix + files++;
        Spill.writeArray(pool.directory().resolve(name), large);
      }
      file = name;
      Payloads.putArrayFile(value, large, name, body);
      return (int) Math.min(Integer.MAX_VALUE, large.byteSize());
    }
    body.putByte(Wire.IN_MESSAGE);
    encoding.write(value, body, by);
    int size = body.size() - from - 1;
    if (body.size() > RingWriter.LONGEST) {
      String name = filePrefix + files++;
      Spill.write(pool.directory().resolve(name), body.array(), from + 1, size);
      file = name;
      body.truncate(from);
      body.putByte(Wire.IN_FILE).putInt(size).putString(name);
    }
    return size;
  }

  /** It was not sent: its file goes. */
  void discard() {
    pool.discard(file);
  }
}
