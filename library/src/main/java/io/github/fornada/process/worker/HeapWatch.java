package io.github.fornada.process.worker;

import io.github.fornada.jvm.Listing;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.wire.MessageTypes;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Ends a worker whose heap is full and which hardly does anything but collect it: with the serial
 * collector an OutOfMemoryError may be minutes away then, because each collection frees a little.
 * HotSpot's parallel collector has a limit of the same kind (GCTimeLimit); the serial one has none.
 *
 * <p>A weak reference tells of the next collection, so that nothing is done for as long as there is
 * none. What it then looks at is written into arrays that are there already, for the heap may be
 * full.
 */
final class HeapWatch {
  private static final Path TASKS = Path.of("/proc/self/task");

  /** The thread that runs the serial collector. With others it has next to nothing to do. */
  private static final String COLLECTOR = "VM Thread";

  /** Between two looks at the heap. */
  private static final long PAUSE_NANOS = Duration.ofMillis(100).toNanos();

  /** Between a collection that has left enough free, and the next that it hears of. */
  private static final long REST_NANOS = Duration.ofSeconds(1).toNanos();

  private final ReferenceQueue<Object> collected = new ReferenceQueue<>();

  private HeapWatch() {}

  /** Starts to watch, where the system tells the processor time of threads. */
  static void start() {
    if (Files.isDirectory(TASKS)) {
      var _ = OwnThreads.daemon("fornada-heap").start(new HeapWatch()::live);
    }
  }

  private void live() {
    while (true) {
      try {
        watch();
        return;
      } catch (OutOfMemoryError e) {
        LockSupport.parkNanos(
            PAUSE_NANOS); // the task gets one, too, or this thread has more to see
      } catch (IOException | LinkageError e) {
        return; // the system does not tell, or a task has used up all descriptors
      } catch (InterruptedException e) {
        // A task interrupts threads that are not its own.
      }
    }
  }

  private void watch() throws IOException, InterruptedException {
    while (true) {
      var sentinel = new WeakReference<>(new Object(), collected);
      try {
        var _ = collected.remove();
      } finally {
        Reference.reachabilityFence(sentinel); // else it might go before it was queued
      }
      if (ForcedExit.isHeapFull()) {
        watchFull();
      }
      LockSupport.parkNanos(REST_NANOS);
    }
  }

  /** Watches until the heap is not full any more. */
  private static void watchFull() throws IOException {
    Path thread = collector();
    if (thread == null) {
      throw new IOException("no thread of that name");
    }
    try (var all = new CpuTimeFile(Path.of("/proc/self/stat"));
        var collecting = new CpuTimeFile(thread.resolve("stat"))) {
      var judge = new CollectionShare();
      while (ForcedExit.isHeapFull()) {
        if (judge.isHopeless(System.nanoTime(), collecting.ticks(), all.ticks())) {
          Runtime.getRuntime().halt(MessageTypes.EXIT_HEAP_FULL);
        }
        LockSupport.parkNanos(PAUSE_NANOS);
        var _ = Thread.interrupted();
      }
    }
  }

  private static @Nullable Path collector() throws IOException {
    for (Path thread : Listing.of(TASKS, "*")) {
      if (Files.readString(thread.resolve("comm")).strip().equals(COLLECTOR)) {
        return thread;
      }
    }
    return null;
  }

  /** A file with the processor time of a process or of a thread: see proc(5). */
  private static final class CpuTimeFile implements AutoCloseable {
    private static final int USER = 12; // after the name, which is in parentheses

    private final RandomAccessFile file;
    private final byte[] text = new byte[1024];

    CpuTimeFile(Path path) throws IOException {
      this.file = new RandomAccessFile(path.toFile(), "r");
    }

    /** Returns it in ticks of a hundredth of a second. Allocates nothing. */
    long ticks() throws IOException {
      file.seek(0);
      int length = file.read(text);
      int at = length - 1;
      while (at > 0 && text[at] != ')') {
        at--;
      }
      long user = 0;
      long system = 0;
      int field = 0;
      for (; at < length && field <= USER + 1; at++) {
        byte c = text[at];
        if (c == ' ') {
          field++;
        } else if (field == USER) {
          user = 10 * user + c - '0';
        } else if (field == USER + 1) {
          system = 10 * system + c - '0';
        }
      }
      return user + system;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
