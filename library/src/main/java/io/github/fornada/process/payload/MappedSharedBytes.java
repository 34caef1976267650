package io.github.fornada.process.payload;

import io.github.fornada.SharedBytes;
import io.github.fornada.jvm.FileBacked;
import io.github.fornada.jvm.Uninterrupted;
import io.github.fornada.process.host.PrivateDirectory;
import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Bytes in a file that every process that uses them maps. A worker is sent the file's path; see
 * {@link Mappings} for how it maps the file.
 */
public final class MappedSharedBytes implements SharedBytes, FileBacked {
  @Serial private static final long serialVersionUID = 1L;

  /** A file in the pool's private folder that exists as long as the bytes are shared. */
  private final String sentinel;

  /** The file with the bytes; often the sentinel itself. */
  private final String file;

  private final long size;

  /** What distinguishes the file from another at its place; empty if that is not known. */
  private final String identity;

  /** The open shared bytes of the pool; null in a copy that was sent. */
  private final transient @Nullable Set<SharedBytes> open;

  /** The mapping that was used last; a race only costs a lookup in the map. */
  private transient volatile @Nullable MemorySegment mapped;

  /** Creates the copy that a worker uses. */
  MappedSharedBytes(String sentinel, String file, long size, String identity) {
    this(sentinel, file, size, identity, null);
  }

  private MappedSharedBytes(
      String sentinel, String file, long size, String identity, @Nullable Set<SharedBytes> open) {
    this.sentinel = sentinel;
    this.file = file;
    this.size = size;
    this.identity = identity;
    this.open = open;
  }

  /** Copies bytes to a new file. */
  public static SharedBytes copy(MemorySegment bytes, Path to, Set<SharedBytes> open) {
    try {
      PayloadFiles.writeArray(to, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
    return opened(
        new MappedSharedBytes(to.toString(), to.toString(), bytes.byteSize(), "", open), open);
  }

  /** Shares an existing file, as long as its sentinel file exists, which this creates. */
  public static SharedBytes of(Path file, Path sentinel, Set<SharedBytes> open) {
    if (!file.getFileSystem().equals(FileSystems.getDefault())) {
      throw new UncheckedIOException(
          new IOException(
              file + " is in no file system that can be mapped: read it and share its bytes"));
    }
    try {
      Path real = file.toRealPath(); // workers may have another working directory
      long size = Uninterrupted.call(() -> readableSize(file));
      String identity = Mappings.identity(real);
      createSentinel(sentinel);
      return opened(
          new MappedSharedBytes(sentinel.toString(), real.toString(), size, identity, open), open);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " could not be shared: " + e, e);
    }
  }

  private static long readableSize(Path file) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.size();
    }
  }

  private static void createSentinel(Path sentinel) throws IOException {
    try {
      Files.createFile(sentinel);
    } catch (NoSuchFileException e) {
      PrivateDirectory.restore(Objects.requireNonNull(sentinel.getParent(), "its folder"));
      Files.createFile(sentinel);
    }
  }

  private static SharedBytes opened(MappedSharedBytes made, Set<SharedBytes> open) {
    open.add(made);
    return made;
  }

  String sentinel() {
    return sentinel;
  }

  String path() {
    return file;
  }

  String identity() {
    return identity;
  }

  @Override
  public @Nullable Path file() {
    return sentinel.equals(file) ? null : Path.of(file);
  }

  @Override
  public MemorySegment segment() {
    MemorySegment known = mapped;
    if (known != null && known.scope().isAlive()) {
      return known;
    }
    try {
      known = Mappings.get(sentinel, Path.of(file), size, identity);
    } catch (NoSuchFileException e) {
      if (sentinel.equals(file) || Files.notExists(Path.of(sentinel))) {
        throw closed(e);
      }
      throw new UncheckedIOException(file + " is shared, but is not there any more", e);
    } catch (IOException e) {
      throw new UncheckedIOException("shared bytes could not be mapped: " + e.getMessage(), e);
    }
    mapped = known;
    return known;
  }

  private IllegalStateException closed(Throwable cause) {
    return new IllegalStateException(
        "these shared bytes ("
            + size
            + ") were closed, or their pool was: keep both open until the tasks that use them"
            + " have ended. Or somebody has deleted the pool's private folder: share them again",
        cause);
  }

  @Override
  public long byteSize() {
    return size;
  }

  @Override
  public void close() {
    if (open != null && open.remove(this)) {
      PayloadFiles.deleteQuietly(Path.of(sentinel));
      Mappings.forget(sentinel);
    }
  }

  @Override
  public String toString() {
    return "SharedBytes[" + size + (sentinel.equals(file) ? "]" : ", " + file + "]");
  }
}
