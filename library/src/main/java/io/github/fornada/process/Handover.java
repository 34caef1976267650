package io.github.fornada.process;

import io.github.fornada.TaskFunction;
import io.github.fornada.process.payload.BulkValue;
import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.Immutables;
import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.UserCodeException;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.PayloadCodec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes items and functions when they are handed over, so that what is sent, and sent again, is
 * what was handed over; but for those that cannot change, which are written when they are sent.
 *
 * <p>That is done in the thread that hands over. Only where it takes code of the user's own, a
 * {@code writeObject} say, another thread does it, and the one that hands over waits for a second
 * at most: that code may never return. Such an item is then written when it is sent, under the
 * watch of an {@link EncodingGuard}.
 */
final class Handover {
  /** How long the user's code may keep the thread that hands over. */
  private static final Duration PATIENCE = Duration.ofSeconds(1); // Guess

  private static final Duration IDLE = Duration.ofSeconds(2); // Guess

  /** How the names of files with arrays begin that found no buffer. */
  static final String NAME = PayloadFiles.KEPT;

  private final Engine engine;
  private final @Nullable PayloadCodec codec;
  private final ConcurrentLinkedQueue<CodecSessions> sessions = new ConcurrentLinkedQueue<>();
  private final AtomicLong files = new AtomicLong();

  /** What each worker is set up with, by its name in messages. */
  private final ConcurrentHashMap<String, byte[]> setUps = new ConcurrentHashMap<>();

  /** Functions handed over last: one known not to change, and one with what it was written as. */
  private volatile WeakReference<@Nullable Object> fixed = new WeakReference<>(null);

  private volatile WeakReference<@Nullable HandedFunction<?, ?>> last = new WeakReference<>(null);

  /** For what takes the user's code to be written. Its threads end when they have nothing to do. */
  private @Nullable ExecutorService writers; // guarded by this

  private boolean closed; // guarded by this

  Handover(@Nullable PayloadCodec codec, Engine engine) {
    this.engine = engine;
    this.codec = codec;
  }

  /** Made when first needed: most programs have nothing of the kind. */
  private synchronized ExecutorService writers() {
    ExecutorService known = writers;
    if (known == null) {
      known =
          new ThreadPoolExecutor(
              0,
              Integer.MAX_VALUE,
              IDLE.toNanos(),
              TimeUnit.NANOSECONDS,
              new SynchronousQueue<>(),
              Thread.ofPlatform()
                  .daemon()
                  .inheritInheritableThreadLocals(false)
                  .name("fornada-writer")
                  .factory());
      writers = known;
      if (closed) {
        known.shutdown();
      }
    }
    return known;
  }

  synchronized void close() {
    closed = true;
    if (writers != null) {
      writers.shutdownNow();
    }
  }

  // ---- what workers are set up with

  /** Writes what all workers are set up with, as it is now, if that takes no user code. */
  void prepareSetUp(String what, @Nullable Object value) {
    if (value != null) {
      try {
        var out = new MessageOutput();
        Payloads.encodeWithoutUserCode(value, out);
        var _ = keepSetUp(what, out.toByteArray());
      } catch (IOException | RuntimeException e) {
        // The first worker's start does it, and says what is wrong.
      }
    }
  }

  /** Returns what was written for all workers; null if that was not done yet. */
  byte @Nullable [] setUp(String what) {
    return setUps.get(what);
  }

  /** Keeps what was written for all workers; returns what was kept before, if anything was. */
  byte[] keepSetUp(String what, byte[] payload) {
    byte[] before = setUps.putIfAbsent(what, payload);
    return before == null ? payload : before;
  }

  // ---- items

  /** Returns the item, if it cannot change or cannot be written in time; or a copy of it. */
  @Nullable Object item(@Nullable Object item) {
    if (Immutables.contains(item) || item == null) {
      return item;
    }
    try {
      MemorySegment large = Payloads.largeArray(item);
      if (large != null) {
        return array(item, large, true);
      }
      byte[] bytes = bytes(item, true);
      return bytes == null ? item : HandedItem.of(item, bytes);
    } catch (Throwable e) { // whatever the user's writeObject throws: that item fails
      return HandedItem.failed(item, e);
    }
  }

  /**
   * Copies a large array into a file, which both processes map: the only copy on this side.
   *
   * @param early whether it may have to wait for a worker: then it leaves room in memory for those
   *     that are sent, and if there is no room on disk either, the copy is on the heap
   */
  HandedItem array(Object item, MemorySegment large, boolean early) throws IOException {
    int tag = BulkValue.tag(item);
    String name = engine.buffers().store(large);
    if (name == null) {
      name = nextName();
      try {
        PayloadFiles.writeArray(engine.directory().resolve(name), large, early);
      } catch (IOException e) {
        if (!early) {
          throw e;
        }
        return HandedItem.of(item, onHeap(item));
      }
    }
    return HandedItem.of(item, new HandedItem.ArrayFile(engine, tag, large.byteSize(), name));
  }

  /** The name of a file that stays until its item has ended. */
  String nextName() {
    return NAME + files.incrementAndGet();
  }

  /** Whether items are read without a codec. */
  boolean isWithoutCodec() {
    return codec == null;
  }

  private static byte[] onHeap(Object item) throws IOException {
    var out = new MessageOutput();
    Payloads.encode(item, out);
    return out.toByteArray();
  }

  // ---- functions

  /** Returns the function, if it cannot change or cannot be written in time; or a copy of it. */
  TaskFunction<?, ?> function(TaskFunction<?, ?> function, List<?> parts) {
    if (fixed.refersTo(function)) {
      return function;
    }
    boolean isFixed = true;
    for (Object part : parts) {
      isFixed &= Immutables.contains(part);
    }
    if (isFixed) {
      fixed = new WeakReference<>(function);
      return function;
    }
    byte[] bytes;
    try {
      bytes = bytes(function, false);
    } catch (Throwable e) { // whatever the user's writeObject throws: its items fail
      return new HandedFunction<>(function, null, e);
    }
    if (bytes == null) {
      return function;
    }
    HandedFunction<?, ?> made = new HandedFunction<>(function, bytes, null);
    HandedFunction<?, ?> before = last.get();
    if (before != null && before.original().equals(function) && before.equals(made)) {
      return before; // many calls share what may be large
    }
    last = new WeakReference<>(made);
    return made;
  }

  // ---- bytes

  /**
   * The payload; null if the user's code does not come back in time, or the thread must not wait.
   */
  private byte @Nullable [] bytes(Object value, boolean byCodec) throws Throwable {
    if (byCodec && codec != null) {
      CodecSessions free = sessions.poll();
      CodecSessions session = free == null ? CodecSessions.of(codec) : free;
      var out = new MessageOutput();
      Payloads.encode(value, out, session);
      if (session != null) {
        sessions.add(session);
      }
      return out.toByteArray();
    }
    var out = new MessageOutput();
    try {
      Payloads.encodeWithoutUserCode(value, out);
      return out.toByteArray();
    } catch (UserCodeException e) {
      return bytesElsewhere(value);
    }
  }

  private byte @Nullable [] bytesElsewhere(Object value) throws Throwable {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    var writer = new @Nullable Thread[1];
    Future<byte[]> written =
        writers()
            .submit(() -> {
              Thread self = Thread.currentThread();
              synchronized (writer) {
                writer[0] = self;
              }
              String name = self.getName();
              self.setContextClassLoader(context);
              try {
                var out = new MessageOutput();
                Payloads.encode(value, out);
                return out.toByteArray();
              } finally {
                self.setContextClassLoader(null);
                synchronized (writer) {
                  writer[0] = null; // from now on nobody renames it
                  self.setName(name);
                }
              }
            });
    try {
      return written.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() == null ? e : e.getCause();
    } catch (TimeoutException | InterruptedException e) {
      written.cancel(true);
      synchronized (writer) {
        Thread still = writer[0];
        if (still != null) {
          still.setName(still.getName() + "-abandoned");
        }
      }
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt(); // the caller's own business
      }
      return null;
    }
  }
}
