package io.github.fornada.process.wire;

import io.github.fornada.process.worker.WorkerSetUp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the pool sends a worker after the handshake.
 *
 * @param number the worker's number in the pool
 * @param directory the pool's private folder
 * @param folders where files may be that are not at their own path, apart from that folder
 * @param segment the file of shared memory
 * @param limitNanos timeout of each item; -1 for none
 * @param graceNanos how long an interrupted item may go on
 * @param heap the heap limit in words, for messages
 * @param codec the codec, serialized; empty for none
 * @param setUp the serialized {@link WorkerSetUp}, which the worker runs first; empty for none
 */
@SuppressWarnings("ArrayRecordComponent") // sent once, never compared
public record WorkerConfig(
    int number,
    Path directory,
    List<Path> folders,
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
        in.getInt(),
        Path.of(in.getString()),
        paths(in),
        Path.of(in.getString()),
        in.getLong(),
        in.getLong(),
        in.getString(),
        in.getBytes(),
        in.getBytes());
  }

  private static List<Path> paths(MessageInput in) throws IOException {
    int count = in.getInt();
    if (count == 0) {
      return List.of();
    }
    var paths = new ArrayList<Path>();
    for (int i = 0; i < count; i++) {
      paths.add(Path.of(in.getString()));
    }
    return paths;
  }

  public void send(ControlChannel control) throws IOException {
    var out =
        new MessageOutput().putInt(number).putString(directory.toString()).putInt(folders.size());
    for (Path folder : folders) {
      out.putString(folder.toString());
    }
    control.send(
        MessageTypes.CONFIG,
        out.putString(segment.toString())
            .putLong(limitNanos)
            .putLong(graceNanos)
            .putString(heap)
            .putBytes(codec)
            .putBytes(setUp));
  }
}
