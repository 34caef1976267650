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
 * Files for large arguments that are used again and again. To make one costs far more than to copy
 * the bytes into it, for the system has to find and clear every page, and both sides to map it; a
 * file that has been used before has its pages, and both sides have them mapped.
 *
 * <p>A buffer belongs to one item from the moment it is filled until that item has ended or was
 * taken back. Workers only ever read it.
 */
public final class BufferFiles {
  /** How their names begin. */
  static final String NAME = "buffer-";

  /**
   * Bytes of all buffers of a pool together; what is beyond goes in files that are used once. Less
   * where the file system is small, as in a container: files that are used once need room too.
   */
  public static final long MOST = 256L << 20; // Guess: two items of 64 MiB for each of two workers

  /** How long buffers that nobody uses are kept. */
  static final Duration IDLE = Duration.ofSeconds(2); // Guess

  private static final long SMALLEST = 256 << 10;

  private final Supplier<Path> directory;
  private final ReentrantLock lock = new ReentrantLock();

  // All guarded by lock.
  private final Map<String, Buffer> taken = new HashMap<>();

  /** Used last, first: its pages are the likeliest to be in a cache, and mapped by a worker. */
  private final ArrayDeque<Buffer> free = new ArrayDeque<>();

  private long bytes;
  private long most = -1;
  private long uses;
  private long files;
  private boolean looking;
  private boolean closed;

  private record Buffer(String name, Path file, MemorySegment content, Arena arena) {
    long size() {
      return content.byteSize();
    }
  }

  public BufferFiles(Supplier<Path> directory) {
    this.directory = directory;
  }

  /** Fills a buffer. Returns its name; null if there is no room for one. */
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
        most = Math.min(MOST, Files.getFileStore(directory.get()).getUsableSpace() / 4);
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
    } catch (RuntimeException | Error e) { // a segment that was closed, or its file cut shorter
      var _ = release(buffer.name);
      throw e;
    }
    return buffer.name;
  }

  /** So coarse that items of about the same size can use the same buffers. */
  private static long roundedUp(long size) {
    long step = Math.max(SMALLEST, Long.highestOneBit(size) / 4);
    return Math.ceilDiv(size, step) * step;
  }

  /** Under lock: gives up those whose files somebody has deleted: not every worker has them. */
  private void dropDeleted(List<Buffer> dropped) {
    Buffer any = free.peekFirst();
    if (any == null || Files.exists(any.file)) {
      return; // they are deleted together, with their folder
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

  /** Under lock: one that is large enough, and not much too large. */
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

  /** Under lock: gives up those that were not used for longest, if that makes room enough. */
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
    return bytes + size <= most; // not so while others are being made
  }

  private @Nullable String createIfThereIsRoom(Path file, MemorySegment value, long size) {
    try {
      return create(file, value, size);
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "no room for a buffer of " + size + " bytes", e);
      List<Buffer> unused;
      lock.lock();
      try {
        unused = clear(); // makes room for a file that is used once
      } finally {
        lock.unlock();
      }
      unused.forEach(this::discard);
      return null;
    }
  }

  @SuppressWarnings("MustBeClosed") // by discard
  private String create(Path file, MemorySegment value, long size) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      // Every page is written through the channel: a full disk is then an exception, not a crash.
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

  /** Nobody reads it any more. Returns whether the file of this name is a buffer at all. */
  public boolean release(String name) {
    if (!name.startsWith(NAME)) {
      return false;
    }
    boolean look;
    lock.lock();
    try {
      Buffer buffer = taken.remove(name);
      if (buffer != null) {
        free.addFirst(buffer);
      }
      look = !looking && !closed;
      looking |= look;
    } finally {
      lock.unlock();
    }
    if (look) {
      lookLater();
    }
    return true;
  }

  private void lookLater() {
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
        looking = false; // the release of what is taken looks again
      } else {
        again = true;
      }
    } finally {
      lock.unlock();
    }
    idle.forEach(this::discard);
    if (again) {
      lookLater();
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
    buffer.arena.close(); // nobody copies into it: it was free
    PayloadFiles.deleteQuietly(buffer.file);
    Mappings.forget(buffer.file.toString());
  }

  /** The workers are gone. */
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
