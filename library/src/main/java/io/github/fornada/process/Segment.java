package io.github.fornada.process;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The memory that a pool shares with one worker: a header and two rings, mapped from a file that
 * only the user can open.
 *
 * <p>What is in it outlives the worker, which is how the pool learns which item killed it. Each
 * field has a cache line of its own, because each has a writer of its own.
 */
final class Segment {
  private static final int LINE = 64;

  /** Bytes of each ring; a power of two. */
  static final long RING = 1 << 20;

  private static final StructLayout HEADER =
      MemoryLayout.structLayout(
          line("toWorkerTail"), // parent writes
          line("toWorkerHead"), // worker writes
          line("workerWaits"), // worker sets, parent clears
          line("toParentTail"), // worker writes
          line("toParentWritten"), // worker writes
          line("toParentHead"), // parent writes
          line("parentWaits"), // parent sets, worker clears
          line("claim"), // both, by compare-and-set: see Claims
          line("startedNanos")); // worker writes

  private static final long HEADER_SIZE = 4096;
  static final long SIZE = HEADER_SIZE + 2 * RING;

  static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  static final long TO_WORKER_TAIL = offset("toWorkerTail");
  static final long TO_WORKER_HEAD = offset("toWorkerHead");
  static final long WORKER_WAITS = offset("workerWaits");
  static final long TO_PARENT_TAIL = offset("toParentTail");
  static final long TO_PARENT_WRITTEN = offset("toParentWritten");
  static final long TO_PARENT_HEAD = offset("toParentHead");
  static final long PARENT_WAITS = offset("parentWaits");
  static final long CLAIM = offset("claim");
  static final long STARTED_NANOS = offset("startedNanos");

  private final MemorySegment all;

  private Segment(MemorySegment all) {
    this.all = all;
  }

  private static MemoryLayout line(String name) {
    return MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG.withName("value"), MemoryLayout.paddingLayout(LINE - 8))
        .withName(name);
  }

  private static long offset(String name) {
    return HEADER.byteOffset(PathElement.groupElement(name), PathElement.groupElement("value"));
  }

  /**
   * Makes the file and maps it. Every block is written first: a full disk shows here, not later.
   */
  static Segment create(Path file) throws IOException {
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
      Files.deleteIfExists(file); // what is there of it takes room from others
      throw e;
    }
  }

  /** Maps a file that the parent made. */
  static Segment open(Path file) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return map(channel);
    }
  }

  private static Segment map(FileChannel channel) throws IOException {
    // Unmapped when nobody can reach it any more: a thread that is a step behind the death of a
    // worker
    // may still look into it.
    return new Segment(channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE, Arena.ofAuto()));
  }

  RingWriter toWorkerWriter() {
    return new RingWriter(all, ring(0), TO_WORKER_TAIL, TO_WORKER_HEAD);
  }

  RingReader toWorkerReader() {
    return new RingReader(all, ring(0), TO_WORKER_TAIL, TO_WORKER_HEAD);
  }

  RingWriter toParentWriter() {
    return new RingWriter(all, ring(1), TO_PARENT_TAIL, TO_PARENT_WRITTEN, TO_PARENT_HEAD);
  }

  RingReader toParentReader() {
    return new RingReader(all, ring(1), TO_PARENT_TAIL, TO_PARENT_WRITTEN, TO_PARENT_HEAD);
  }

  private MemorySegment ring(int which) {
    return all.asSlice(HEADER_SIZE + which * RING, RING);
  }

  /** Makes the ring to the worker a new one, before any worker knows of it. */
  void rewind() {
    LONG.setVolatile(all, TO_WORKER_TAIL, 0L);
    LONG.setVolatile(all, TO_WORKER_HEAD, 0L);
  }

  MemorySegment header() {
    return all;
  }
}
