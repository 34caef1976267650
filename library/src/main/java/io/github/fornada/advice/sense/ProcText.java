package io.github.fornada.advice.sense;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A small file that the Linux kernel makes anew for each read, such as {@code
 * /proc/self/schedstat}. It stays open, because opening takes longer than reading. Used by one
 * thread at a time.
 *
 * <p>Not a channel: an interrupt of the thread that reads would close it.
 */
final class ProcText implements AutoCloseable {
  /** Longer files are cut off; what is read from them comes first. */
  private static final int MOST_BYTES = 16 * 1024;

  private final RandomAccessFile file;
  private byte[] bytes = new byte[256];

  private ProcText(RandomAccessFile file) {
    this.file = file;
  }

  /** Opens the file; returns null if that is impossible. */
  static @Nullable ProcText open(Path path) {
    try {
      return new ProcText(new RandomAccessFile(path.toFile(), "r"));
    } catch (IOException | SecurityException e) {
      return null; // not Linux, or not allowed: what it says is then unknown
    }
  }

  /** Reads a whole file once; returns null if that is impossible. */
  static @Nullable String read(Path path) {
    try (ProcText text = open(path)) {
      return text == null ? null : text.read();
    }
  }

  /** Returns the text as it is now; null if it can no longer be read. */
  @Nullable String read() {
    try {
      file.seek(0);
      int size = 0;
      while (true) {
        int n = file.read(bytes, size, bytes.length - size);
        if (n < 0) {
          break;
        }
        size += n;
        if (size == bytes.length) {
          if (size >= MOST_BYTES) {
            break;
          }
          bytes = java.util.Arrays.copyOf(bytes, 2 * size);
        }
      }
      return new String(bytes, 0, size, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return null; // the thread or process has ended
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      // It was open for reading only, so nothing is lost.
    }
  }
}
