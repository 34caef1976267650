package io.github.fornada.process;

import java.io.IOException;
import java.nio.file.Path;

/**
 * What the pool tells a worker when it lets it in.
 *
 * @param directory the pool's private folder
 * @param segment the file of shared memory
 * @param limitNanos time limit of each item; -1 for none
 * @param graceNanos how long an interrupted item may go on
 * @param heap the heap limit in words, for messages
 * @param codec the codec, serialized; empty for none
 * @param setUp what to do first, a {@link SetUp}, serialized; empty for nothing
 */
@SuppressWarnings("ArrayRecordComponent") // sent once, never compared
record WorkerConfig(
    Path directory,
    Path segment,
    long limitNanos,
    long graceNanos,
    String heap,
    byte[] codec,
    byte[] setUp) {
  static WorkerConfig receive(Control control) throws IOException {
    Control.Frame frame = control.receive();
    if (frame.type() != Wire.CONFIG) {
      throw new CorruptFrameException("control frame of type " + frame.type() + ", not the set-up");
    }
    Input in = frame.body();
    return new WorkerConfig(
        Path.of(in.getString()),
        Path.of(in.getString()),
        in.getLong(),
        in.getLong(),
        in.getString(),
        in.getBytes(),
        in.getBytes());
  }

  void send(Control control) throws IOException {
    control.send(
        Wire.CONFIG,
        new Output()
            .putString(directory.toString())
            .putString(segment.toString())
            .putLong(limitNanos)
            .putLong(graceNanos)
            .putString(heap)
            .putBytes(codec)
            .putBytes(setUp));
  }
}
