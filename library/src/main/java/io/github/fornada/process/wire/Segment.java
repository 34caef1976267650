package io.github.fornada.process.wire;

import io.github.fornada.jvm.Uninterrupted;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The memory that a pool shares with one worker: a header and two rings, mapped from a file that
 * only the user can open.
 *
 * <p>Its content outlives the worker; from it the pool learns which item killed the worker. Each
 * field has its own cache line, because each has a different writer.
 *
 * <p>It is accessed as a {@link ByteBuffer}. The handles of a memory segment are put together from
 * classes that the JDK generates at their first use, in every process anew.
 */
public final class Segment implements AutoCloseable {
  private static final int LINE = 64;

  /** Bytes of each ring; a power of two. */
  public static final long RING = 1 << 20;

  private static final int HEADER_SIZE = 4096;
  public static final long SIZE = HEADER_SIZE + 2 * RING;

  public static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

  // The lines of the header.
  static final int TO_WORKER_TAIL = line(0); // parent writes
  static final int TO_WORKER_HEAD = line(1); // worker writes
  static final int WORKER_WAITS = line(2); // worker sets, parent clears
  public static final int TO_PARENT_TAIL = line(3); // worker writes
  static final int TO_PARENT_HEAD = line(4); // parent writes
  static final int PARENT_WAITS = line(5); // parent sets, worker clears
  public static final int CLAIM = line(6); // both, by compare-and-set: see ClaimWord
  public static final int STARTED_NANOS = line(7); // worker writes
  static final int TO_PARENT_WRITTEN = line(8); // worker writes

  private final ByteBuffer all;
  private final @Nullable Arena arena;

  private Segment(ByteBuffer all, @Nullable Arena arena) {
    this.all = all.order(ByteOrder.nativeOrder());
    this.arena = arena;
  }

  private static int line(int number) {
    return number * LINE;
  }

  /**
   * Creates the file and maps it. Every block is written first, so that a full disk is found here
   * and not later.
   */
  public static Segment create(Path file) throws IOException {
    return Uninterrupted.call(() -> createOnce(file));
  }

  private static Segment createOnce(Path file) throws IOException {
    try (var channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      var zeros = ByteBuffer.allocate(1 << 16);
      for (long done = 0; done < SIZE; ) {
        zeros.clear().limit((int) Math.min(zeros.capacity(), SIZE - done));
        done += channel.write(zeros);
      }
      return map(channel);
    } catch (IOException e) {
      Files.deleteIfExists(file); // the incomplete file would take room from others
      throw e;
    }
  }

  /** Maps a file that the parent has created. */
  public static Segment open(Path file) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      // Until this process ends. Not the mapping without an arena: the JDK makes its buffer by
      // reflection, for which it generates a dozen classes.
      return new Segment(
          channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE, Arena.global()).asByteBuffer(),
          null);
    }
  }

  @SuppressWarnings("MustBeClosed") // closed by close()
  private static Segment map(FileChannel channel) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      return new Segment(
          channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE, arena).asByteBuffer(), arena);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Unmaps what {@link #create} has mapped, once the worker is gone. That frees the memory, which
   * may be scarce. A later access throws {@link IllegalStateException}.
   */
  @Override
  public void close() {
    if (arena != null && isOpen()) {
      arena.close();
    }
  }

  public boolean isOpen() {
    return arena == null || arena.scope().isAlive();
  }

  public RingWriter toWorkerWriter() {
    return new RingWriter(all, ring(0), TO_WORKER_TAIL, TO_WORKER_HEAD);
  }

  public RingReader toWorkerReader() {
    return new RingReader(all, ring(0), TO_WORKER_TAIL, TO_WORKER_HEAD);
  }

  public RingWriter toParentWriter() {
    return new RingWriter(all, ring(1), TO_PARENT_TAIL, TO_PARENT_WRITTEN, TO_PARENT_HEAD);
  }

  public RingReader toParentReader() {
    return new RingReader(all, ring(1), TO_PARENT_TAIL, TO_PARENT_WRITTEN, TO_PARENT_HEAD);
  }

  private ByteBuffer ring(int which) {
    return all.slice(HEADER_SIZE + which * (int) RING, (int) RING).order(ByteOrder.nativeOrder());
  }

  /** Resets the ring to the worker, before any worker uses it. */
  public void rewind() {
    LONG.setVolatile(all, TO_WORKER_TAIL, 0L);
    LONG.setVolatile(all, TO_WORKER_HEAD, 0L);
  }

  public ByteBuffer header() {
    return all;
  }
}
