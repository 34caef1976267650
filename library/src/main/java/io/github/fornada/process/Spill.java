package io.github.fornada.process;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Payloads too large for the ring: each in a file of the pool's private folder, read once. */
final class Spill {
  /** The JDK copies heap arrays through a buffer outside the heap as large as the piece. */
  private static final int PIECE = 1 << 20;

  private Spill() {}

  static void write(Path file, byte[] bytes, int from, int length) throws IOException {
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int at = 0; at < length; ) {
        at += channel.write(ByteBuffer.wrap(bytes, from + at, Math.min(PIECE, length - at)));
      }
    } catch (IOException e) {
      Files.deleteIfExists(file);
      throw new IOException(
          "a payload of "
              + length
              + " bytes could not be stored for its transfer in "
              + file.getParent()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  /** Deletes a file that nobody may have read; null for none. */
  static void deleteQuietly(Path directory, @Nullable String file) {
    if (file != null) {
      try {
        Files.deleteIfExists(directory.resolve(file));
      } catch (IOException e) {
        System.getLogger("io.github.fornada")
            .log(System.Logger.Level.DEBUG, "left for the pool's end: " + file, e);
      }
    }
  }

  /** Deletes what a worker that died has left of its results. */
  static void deleteResults(Path directory, long pid) {
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(directory, TaskLoop.RESULT_FILE + pid + "-*")) {
      for (Path file : files) {
        deleteQuietly(directory, String.valueOf(file.getFileName()));
      }
    } catch (IOException e) {
      System.getLogger("io.github.fornada")
          .log(System.Logger.Level.DEBUG, "left for the pool's end: " + directory, e);
    }
  }

  /** Reads the file and deletes it. */
  static Input read(Path file, int length) throws IOException {
    byte[] bytes = new byte[length];
    try (var channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.DELETE_ON_CLOSE)) {
      if (channel.size() != length) {
        throw new CorruptFrameException(
            "a payload file of " + channel.size() + " bytes, announced as " + length);
      }
      for (int at = 0; at < length; ) {
        int n = channel.read(ByteBuffer.wrap(bytes, at, Math.min(PIECE, length - at)));
        if (n < 0) {
          throw new EOFException("a payload file ended early");
        }
        at += n;
      }
    }
    return new Input(bytes, 0, length);
  }
}
