package io.github.fornada.process;

import java.io.IOException;
import java.nio.file.Path;

/**
 * What the pool tells a worker when it lets it in.
 *
 * @param segment the file of shared memory
 * @param name the worker's name in its pool
 * @param limitNanos time limit of each item; -1 for none
 * @param graceNanos how long an interrupted item may go on
 * @param heap the heap limit in words, for messages
 */
record WorkerConfig(Path segment, String name, long limitNanos, long graceNanos, String heap) {
  static WorkerConfig receive(Control control) throws IOException {
    Control.Frame frame = control.receive();
    if (frame.type() != Wire.CONFIG) {
      throw new CorruptFrameException("control frame of type " + frame.type() + ", not the set-up");
    }
    Input in = frame.body();
    return new WorkerConfig(
        Path.of(in.getString()), in.getString(), in.getLong(), in.getLong(), in.getString());
  }

  void send(Control control) throws IOException {
    control.send(
        Wire.CONFIG,
        new Output()
            .putString(segment.toString())
            .putString(name)
            .putLong(limitNanos)
            .putLong(graceNanos)
            .putString(heap));
  }

  Path directory() {
    return java.util.Objects.requireNonNull(segment.getParent());
  }
}
