package io.github.fornada.spi;

import io.github.fornada.SharedBytes;
import io.github.fornada.jvm.FileBacked;
import io.github.fornada.jvm.Timer;
import io.github.fornada.jvm.Uninterrupted;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Shared bytes of a pool whose tasks run in this JVM: the same segment for all. */
@SuppressWarnings("serial") // never written: see writeObject
final class LocalSharedBytes implements SharedBytes, FileBacked {
  @Serial private static final long serialVersionUID = 1L;

  private final transient MemorySegment bytes;

  /** The arena of a mapped file; null for bytes in the user's own memory. */
  private final transient @Nullable Arena arena;

  /** That file; null for bytes in the user's own memory. */
  private final transient @Nullable Path file;

  /** The open shared bytes of the pool. */
  private final transient Set<SharedBytes> open;

  /** Set once, by the first close. */
  private transient volatile boolean closed;

  private LocalSharedBytes(
      MemorySegment bytes, @Nullable Arena arena, @Nullable Path file, Set<SharedBytes> open) {
    this.bytes = bytes.asReadOnly();
    this.arena = arena;
    this.file = file;
    this.open = open;
    open.add(this);
  }

  static SharedBytes of(MemorySegment bytes, Set<SharedBytes> open) {
    return new LocalSharedBytes(bytes, null, null, open);
  }

  @SuppressWarnings("MustBeClosed") // closed by close()
  static SharedBytes of(Path file, Set<SharedBytes> open) {
    Arena arena = Arena.ofShared();
    try {
      return new LocalSharedBytes(Uninterrupted.call(() -> mapped(file, arena)), arena, file, open);
    } catch (IOException | UnsupportedOperationException e) {
      arena.close();
      throw new UncheckedIOException(
          file + " could not be mapped: " + e.getMessage(),
          e instanceof IOException io ? io : new IOException(e));
    }
  }

  private static MemorySegment mapped(Path file, Arena arena) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    }
  }

  @Override
  public MemorySegment segment() {
    if (closed) {
      throw new IllegalStateException(
          "these shared bytes ("
              + byteSize()
              + ") were closed, or their pool was: keep both open until the tasks that use them"
              + " have ended");
    }
    return bytes;
  }

  @Override
  public long byteSize() {
    return bytes.byteSize();
  }

  @Override
  public @Nullable Path file() {
    return file;
  }

  @Override
  public void close() {
    closed = true;
    if (open.remove(this) && arena != null) {
      unmap(arena);
    }
  }

  private static void unmap(Arena arena) {
    try {
      arena.close();
    } catch (IllegalStateException e) {
      // Some thread has passed it to a system call, for instance to write it to a file.
      var _ = Timer.after(Duration.ofSeconds(1), () -> unmap(arena));
    }
  }

  @Override
  public String toString() {
    return "SharedBytes[" + byteSize() + "]";
  }

  @Serial
  private void writeObject(ObjectOutputStream out) throws IOException {
    throw new InvalidObjectException(
        "these bytes were shared with a pool that runs in this process: share them with the pool"
            + " whose tasks use them");
  }

  @Serial
  private void readObject(ObjectInputStream in) throws IOException {
    throw new InvalidObjectException("never written");
  }
}
