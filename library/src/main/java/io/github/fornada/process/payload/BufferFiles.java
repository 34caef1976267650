package io.github.fornada.process.payload;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.Timer;
import io.github.fornada.process.host.PrivateDirectory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Files for large arguments that are reused. Creating a file costs far more than copying the bytes
 * into it, because the system must find and clear every page, and both sides must map it. A file
 * that was used before has its pages, and both sides have mapped them.
 *
 * <p>A buffer belongs to one item from the moment it is filled until that item has ended or was
 * taken back. Workers only read it.
 */
public final class BufferFiles {
  /** The prefix of their names. */
  static final String NAME = "buffer-";

  /**
   * The maximum size in bytes of all buffers of a pool together; further arguments go in files that
   * are used once. The limit is lower if the file system is small, as in a container, because files
   * that are used once need room too.
   */
  public static final long MAX_BYTES =
      256L << 20; // Guess: two items of 64 MiB for each of two workers

  /** How long unused buffers are kept. */
  static final Duration IDLE = Duration.ofSeconds(2); // Guess

  private static final long SMALLEST = 256 << 10;

  private final Supplier<Path> directory;
  private final ReentrantLock lock = new ReentrantLock();

  // All guarded by lock.
  private final Map<String, Buffer> taken = new HashMap<>();

  /**
   * The most recently used buffer first: its pages are the most likely to be in a cache, and to be
   * mapped by a worker.
   */
  private final ArrayDeque<Buffer> free = new ArrayDeque<>();

  private long bytes;
  private long most = -1;
  private long uses;
  private long files;
  private boolean checking;
  private boolean closed;

  private record Buffer(String name, Path file, MemorySegment content, Arena arena) {
    long size() {
      return content.byteSize();
    }
  }

  public BufferFiles(Supplier<Path> directory) {
    this.directory = directory;
  }

  /** Fills a buffer and returns its name; null if there is no room for one. */
  public @Nullable String store(MemorySegment value) throws IOException {
    if (Files.notExists(directory.get())) {
      PrivateDirectory.restore(directory.get());
    }
    long size = roundedUp(value.byteSize());
    List<Buffer> evicted = new ArrayList<>();
    Buffer buffer = null;
    Path file = null;
    lock.lock();
    try {
      if (closed) {
        return null;
      }
      if (most < 0) {
        most = Math.min(MAX_BYTES, Files.getFileStore(directory.get()).getUsableSpace() / 4);
      }
      uses++;
      dropDeleted(evicted);
      buffer = takeFree(size);
      if (buffer == null && makeRoom(size, evicted)) {
        bytes += size;
        file = directory.get().resolve(NAME + files++);
      }
    } finally {
      lock.unlock();
    }
    evicted.forEach(this::discard);
    if (buffer == null) {
      return file == null ? null : createIfThereIsRoom(file, value, size);
    }
    try {
      ParallelCopy.copy(value, buffer.content, value.byteSize());
    } catch (RuntimeException | Error e) { // the segment was closed, or its file was truncated
      var _ = release(buffer.name);
      throw e;
    }
    return buffer.name;
  }

  /** Rounds coarsely, so that items of about the same size can use the same buffers. */
  private static long roundedUp(long size) {
    long step = Math.max(SMALLEST, Long.highestOneBit(size) / 4);
    return Math.ceilDiv(size, step) * step;
  }

  /**
   * Gives up buffers whose files were deleted from outside, because not every worker has mapped
   * them. Under lock.
   */
  private void dropDeleted(List<Buffer> dropped) {
    Buffer any = free.peekFirst();
    if (any == null || Files.exists(any.file)) {
      return; // files are deleted all at once, with their folder
    }
    for (Iterator<Buffer> all = free.iterator(); all.hasNext(); ) {
      Buffer buffer = all.next();
      if (!Files.exists(buffer.file)) {
        all.remove();
        bytes -= buffer.size();
        dropped.add(buffer);
      }
    }
  }

  /**
   * Takes a free buffer that is large enough and not much too large; null if there is none. Under
   * lock.
   */
  private @Nullable Buffer takeFree(long size) {
    for (Iterator<Buffer> all = free.iterator(); all.hasNext(); ) {
      Buffer buffer = all.next();
      if (buffer.size() >= size && buffer.size() <= 2 * size) {
        all.remove();
        taken.put(buffer.name, buffer);
        return buffer;
      }
    }
    return null;
  }

  /** Gives up the least recently used buffers, if that makes enough room. Under lock. */
  private boolean makeRoom(long size, List<Buffer> evicted) {
    long inUse = 0;
    for (Buffer buffer : taken.values()) {
      inUse += buffer.size();
    }
    if (inUse + size > most) {
      return false;
    }
    while (bytes + size > most && !free.isEmpty()) {
      Buffer oldest = free.removeLast();
      bytes -= oldest.size();
      evicted.add(oldest);
    }
    return bytes + size <= most; // may be false while other buffers are being created
  }

  private @Nullable String createIfThereIsRoom(Path file, MemorySegment value, long size) {
    try {
      return create(file, value, size);
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "no room for a buffer of " + size + " bytes", e);
      List<Buffer> unused;
      lock.lock();
      try {
        unused = clear(); // to make room for a file that is used once
      } finally {
        lock.unlock();
      }
      unused.forEach(this::discard);
      return null;
    }
  }

  @SuppressWarnings("MustBeClosed") // closed by discard()
  private String create(Path file, MemorySegment value, long size) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      // Every page is written through the channel, so that a full disk causes an exception and not
      // a crash.
      PayloadFiles.writeArray(file, value);
      try (var channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        var zeros = ByteBuffer.allocate(1 << 16);
        for (long at = value.byteSize(); at < size; ) {
          zeros.clear().limit((int) Math.min(zeros.capacity(), size - at));
          at += channel.write(zeros, at);
        }
        var made =
            new Buffer(
                String.valueOf(file.getFileName()),
                file,
                channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena),
                arena);
        lock.lock();
        try {
          if (closed) {
            throw new IOException("the pool was closed");
          }
          taken.put(made.name, made);
        } finally {
          lock.unlock();
        }
        return made.name;
      }
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      PayloadFiles.deleteQuietly(file);
      lock.lock();
      try {
        bytes -= size;
      } finally {
        lock.unlock();
      }
      throw e;
    }
  }

  /** Called when a file is no longer read. Returns whether the file with this name is a buffer. */
  public boolean release(String name) {
    if (!name.startsWith(NAME)) {
      return false;
    }
    boolean start;
    lock.lock();
    try {
      Buffer buffer = taken.remove(name);
      if (buffer != null) {
        free.addFirst(buffer);
      }
      start = !checking && !closed;
      checking |= start;
    } finally {
      lock.unlock();
    }
    if (start) {
      checkLater();
    }
    return true;
  }

  private void checkLater() {
    long before;
    lock.lock();
    try {
      before = uses;
    } finally {
      lock.unlock();
    }
    var _ = Timer.after(IDLE, () -> discardIfIdleSince(before));
  }

  private void discardIfIdleSince(long before) {
    List<Buffer> idle = List.of();
    boolean again = false;
    lock.lock();
    try {
      if (uses == before || closed) {
        idle = clear();
        checking = false; // the next release starts the checks again
      } else {
        again = true;
      }
    } finally {
      lock.unlock();
    }
    idle.forEach(this::discard);
    if (again) {
      checkLater();
    }
  }

  /** Under lock. */
  private List<Buffer> clear() {
    List<Buffer> all = List.copyOf(free);
    free.clear();
    all.forEach(buffer -> bytes -= buffer.size());
    return all;
  }

  private void discard(Buffer buffer) {
    buffer.arena.close(); // no thread copies into it, because it was free
    PayloadFiles.deleteQuietly(buffer.file);
    Mappings.forget(buffer.file.toString());
  }

  /** Called when the workers are gone. */
  public void close() {
    List<Buffer> all;
    lock.lock();
    try {
      closed = true;
      free.addAll(taken.values());
      taken.clear();
      all = clear();
    } finally {
      lock.unlock();
    }
    all.forEach(this::discard);
  }
}
