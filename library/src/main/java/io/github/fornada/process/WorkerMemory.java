package io.github.fornada.process;

import io.github.fornada.jvm.Log;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.wire.Segment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The memory that a pool shares with one worker, and its file, which is deleted once both have
 * mapped it.
 */
record WorkerMemory(Path file, Segment segment) {
  /**
   * Creates one in the private folder {@code directory}: in memory, or on disk if there is no room.
   *
   * @param number the worker's number, for the file's name
   * @throws IOException if there is no room for it; the message names the file
   */
  static WorkerMemory make(Path directory, int number) throws IOException {
    Path file = directory.resolve("segment-" + number);
    Path overflow = PrivateDirectory.overflow(directory);
    try {
      return new WorkerMemory(file, Segment.create(file));
    } catch (IOException e) {
      if (overflow == null) {
        throw noRoom(file, e);
      }
    }
    file = overflow.resolve(file.getFileName());
    try {
      return new WorkerMemory(file, Segment.create(file));
    } catch (IOException e) {
      throw noRoom(file, e);
    }
  }

  private static IOException noRoom(Path file, IOException e) {
    return new IOException(
        "the memory it shares with the pool, "
            + Segment.SIZE
            + " bytes, could not be made: "
            + e.getMessage()
            + " ("
            + file
            + "); make room there, or set java.io.tmpdir to a folder that has more",
        e);
  }

  /** Frees it, where no worker will have it. */
  void free() {
    segment.close();
    deleteFile();
  }

  void deleteFile() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "left for the pool's end: " + file, e);
    }
  }
}
