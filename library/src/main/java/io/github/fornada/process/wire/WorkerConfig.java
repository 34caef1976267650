package io.github.fornada.process.wire;

import io.github.fornada.process.worker.WorkerSetUp;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What the pool sends a worker after the handshake.
 *
 * @param directory the pool's private folder
 * @param segment the file of shared memory
 * @param limitNanos timeout of each item; -1 for none
 * @param graceNanos how long an interrupted item may go on
 * @param heap the heap limit in words, for messages
 * @param codec the codec, serialized; empty for none
 * @param setUp the serialized {@link WorkerSetUp}, which the worker runs first; empty for none
 */
@SuppressWarnings("ArrayRecordComponent") // sent once, never compared
public record WorkerConfig(
    Path directory,
    Path segment,
    long limitNanos,
    long graceNanos,
    String heap,
    byte[] codec,
    byte[] setUp) {
  public static WorkerConfig receive(ControlChannel control) throws IOException {
    ControlChannel.Frame frame = control.receive();
    if (frame.type() != MessageTypes.CONFIG) {
      throw new CorruptFrameException("control frame of type " + frame.type() + ", not the set-up");
    }
    MessageInput in = frame.body();
    return new WorkerConfig(
        Path.of(in.getString()),
        Path.of(in.getString()),
        in.getLong(),
        in.getLong(),
        in.getString(),
        in.getBytes(),
        in.getBytes());
  }

  public void send(ControlChannel control) throws IOException {
    control.send(
        MessageTypes.CONFIG,
        new MessageOutput()
            .putString(directory.toString())
            .putString(segment.toString())
            .putLong(limitNanos)
            .putLong(graceNanos)
            .putString(heap)
            .putBytes(codec)
            .putBytes(setUp));
  }
}
