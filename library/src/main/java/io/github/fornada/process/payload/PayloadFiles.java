package io.github.fornada.process.payload;

import io.github.fornada.jvm.Listing;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.Suppressed;
import io.github.fornada.jvm.Uninterrupted;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Files for payloads that are too large for the ring: each is in the pool's private folder and is
 * read once.
 */
public final class PayloadFiles {
  /** The prefix of the names of files with results; the process id of their worker follows. */
  public static final String RESULT = "result-";

  /** The prefix of the names of files that their reader does not delete. */
  public static final String KEPT = "kept-";

  /**
   * The size of the pieces in which arrays are written: the JDK copies each through a buffer of the
   * same size outside the heap.
   */
  private static final int PIECE = 1 << 20;

  /**
   * An array that can wait goes to disk if less than this many times its size is free in memory.
   */
  private static final int LEFT_FREE = 4; // Guess

  private static final Pattern NAME = Pattern.compile("(argument|result|buffer|kept)-[a-z0-9-]+");

  private PayloadFiles() {}

  /** Writes a payload into a file. */
  @FunctionalInterface
  private interface Writer {
    void write(Path file) throws IOException;
  }

  /** Writes the file in memory, or on disk if there is no room. */
  private static void write(Path file, long size, Writer writer) throws IOException {
    Path directory = file.getParent();
    try {
      writeSomewhere(file, size, writer);
    } catch (IOException e) {
      if (directory == null || Files.exists(directory)) {
        throw e;
      }
      PrivateDirectory.restore(directory);
      writeSomewhere(file, size, writer);
    }
  }

  private static void attempt(Writer writer, Path file) throws IOException {
    Uninterrupted.<@Nullable Void>call(() -> {
      try {
        writer.write(file);
      } catch (ClosedByInterruptException e) { // it is called again
        Files.deleteIfExists(file);
        throw e;
      }
      return null;
    });
  }

  private static void writeSomewhere(Path file, long size, Writer writer) throws IOException {
    Path second = PrivateDirectory.overflow(file.getParent());
    try {
      attempt(writer, file);
    } catch (IOException e) {
      Files.deleteIfExists(file);
      if (second == null) {
        throw tooFull(file, size, e);
      }
      Path other = second.resolve(file.getFileName());
      try {
        attempt(writer, other);
      } catch (IOException again) {
        Files.deleteIfExists(other);
        Suppressed.add(again, e); // a file system may throw the same object twice
        throw tooFull(second.toRealPath().resolve("-"), size, again);
      }
    } catch (RuntimeException | Error e) { // the segment was closed, or its file was truncated
      deleteQuietly(file);
      throw e;
    }
  }

  public static void write(Path file, byte[] bytes, int from, int length) throws IOException {
    write(file, length, to -> writeOnce(to, bytes, from, length));
  }

  private static void writeOnce(Path file, byte[] bytes, int from, int length) throws IOException {
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int at = 0; at < length; ) {
        at += channel.write(ByteBuffer.wrap(bytes, from + at, Math.min(PIECE, length - at)));
      }
    }
  }

  /**
   * Returns the path of a file that a peer has named; the name must be that of a file in the pool's
   * folder.
   */
  public static Path resolve(Path directory, String name) throws CorruptFrameException {
    if (!NAME.matcher(name).matches()) {
      throw new CorruptFrameException("a payload file called \"" + name + "\"");
    }
    Path file = directory.resolve(name);
    Path second = Files.exists(file) ? null : PrivateDirectory.overflow(directory);
    return second == null ? file : second.resolve(name);
  }

  /** Returns whether the file is a buffer, which is reused. */
  static boolean isBuffer(Path file) {
    return String.valueOf(file.getFileName()).startsWith(BufferFiles.NAME);
  }

  /** Returns whether the file stays until the parent deletes it. */
  static boolean isKept(Path file) {
    return String.valueOf(file.getFileName()).startsWith(KEPT);
  }

  /** Writes the raw bytes of an array. */
  public static void writeArray(Path file, MemorySegment bytes) throws IOException {
    writeArray(file, bytes, false);
  }

  /**
   * Writes the raw bytes of an array.
   *
   * @param canWait whether it must leave room in memory for arrays that are needed sooner, and go
   *     to disk instead
   */
  public static void writeArray(Path file, MemorySegment bytes, boolean canWait)
      throws IOException {
    long size = bytes.byteSize();
    Path second = canWait ? PrivateDirectory.overflow(file.getParent()) : null;
    if (second != null
        && Files.getFileStore(file.getParent()).getUsableSpace() < LEFT_FREE * size) {
      file = second.resolve(file.getFileName());
    }
    write(file, size, to -> writeArrayOnce(to, bytes));
  }

  private static void writeArrayOnce(Path file, MemorySegment bytes) throws IOException {
    long size = bytes.byteSize();
    MemorySegment piece = MemorySegment.ofArray(new byte[PIECE]);
    ByteBuffer buffer = piece.asByteBuffer();
    // Through a file channel, not a mapping, so that a full disk causes an exception and not a
    // crash.
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long at = 0; at < size; ) {
        long n = Math.min(PIECE, size - at);
        MemorySegment.copy(bytes, at, piece, 0, n);
        buffer.clear().limit((int) n);
        while (buffer.hasRemaining()) {
          at += channel.write(buffer);
        }
      }
    }
  }

  private static IOException tooFull(Path file, long size, IOException e) {
    return new IOException(
        "a payload of "
            + size
            + " bytes could not be stored for its transfer in "
            + file.getParent()
            + ": "
            + e.getMessage()
            + "; make room there, or set java.io.tmpdir to a folder that has more",
        e);
  }

  /** Fills an array with the bytes of a file, and deletes the file unless {@code kept}. */
  static void readArray(Path file, MemorySegment into, boolean kept) throws IOException {
    Uninterrupted.<@Nullable Void>call(() -> readArrayOnce(file, into));
    if (!kept) {
      Files.delete(file);
    }
  }

  private static @Nullable Void readArrayOnce(Path file, MemorySegment into) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      if (channel.size() != into.byteSize()) {
        throw new CorruptFrameException(
            "a payload file of " + channel.size() + " bytes, announced as " + into.byteSize());
      }
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, into.byteSize(), arena);
      MemorySegment.copy(mapped, 0, into, 0, into.byteSize());
    }
    return null;
  }

  /** Deletes a file that perhaps was not read, in memory or on disk. */
  public static void deleteQuietly(Path file) {
    try {
      Path second = PrivateDirectory.overflow(file.getParent());
      if (!Files.deleteIfExists(file) && second != null) {
        Files.deleteIfExists(second.resolve(file.getFileName()));
      }
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "left for the pool's end: " + file, e);
    }
  }

  /** Deletes the files with results that a dead worker has left behind. */
  public static void deleteResults(Path directory, long pid) {
    deleteResultsIn(directory, pid);
    Path second = PrivateDirectory.overflow(directory);
    if (second != null) {
      deleteResultsIn(second, pid);
    }
  }

  private static void deleteResultsIn(Path directory, long pid) {
    try {
      for (Path file : Listing.of(directory, RESULT + pid + "-*")) {
        deleteQuietly(file);
      }
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "left for the pool's end: " + directory, e);
    }
  }

  /** Reads the file and deletes it. */
  public static MessageInput read(Path file, int length) throws IOException {
    byte[] bytes = Uninterrupted.call(() -> readOnce(file, length));
    Files.delete(file);
    return new MessageInput(bytes, 0, length);
  }

  private static byte[] readOnce(Path file, int length) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() != length) {
        throw new CorruptFrameException(
            "a payload file of " + channel.size() + " bytes, announced as " + length);
      }
      var bytes = new byte[length];
      for (int at = 0; at < length; ) {
        int n = channel.read(ByteBuffer.wrap(bytes, at, Math.min(PIECE, length - at)));
        if (n < 0) {
          throw new EOFException("a payload file ended early");
        }
        at += n;
      }
      return bytes;
    }
  }
}
