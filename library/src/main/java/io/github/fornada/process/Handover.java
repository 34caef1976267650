package io.github.fornada.process;

import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.OwnThreads;
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
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes items and functions when they are handed over, so that later changes to them have no
 * effect on what is sent, in a retry either. Immutable ones are written when they are sent.
 *
 * <p>The thread that hands over writes them. If writing runs user code, such as a {@code
 * writeObject} method, another thread writes, and the thread that hands over waits for a second at
 * most, because that code may never return. Such an item is then written when it is sent,
 * supervised by an {@link UserCodeGuard}.
 */
final class Handover {
  /** How long the user's code may delay the thread that hands over. */
  private static final Duration PATIENCE = Duration.ofSeconds(1); // Guess

  /** The prefix of the names of files with arrays for which no buffer file was free. */
  static final String NAME = PayloadFiles.KEPT;

  /** Has the files of large arrays; null if items wait on the heap. */
  private final @Nullable Engine engine;

  private final @Nullable PayloadCodec codec;
  private final ConcurrentLinkedQueue<CodecSessions> sessions = new ConcurrentLinkedQueue<>();
  private final AtomicLong files = new AtomicLong();

  /** The encoded parts of the workers' set-up, by their names in messages. */
  private final ConcurrentHashMap<String, byte[]> setUps = new ConcurrentHashMap<>();

  /**
   * The functions handed over last: one that cannot change, and one with the bytes it was written
   * as.
   */
  private volatile WeakReference<@Nullable Object> fixed = new WeakReference<>(null);

  private volatile WeakReference<@Nullable HandedFunction<?, ?>> last = new WeakReference<>(null);

  /** Writes what needs user code to be written. Its threads end when they have nothing to do. */
  private @Nullable ExecutorService writers; // guarded by this

  private boolean closed; // guarded by this

  Handover(@Nullable PayloadCodec codec, @Nullable Engine engine) {
    this.engine = engine;
    this.codec = codec;
  }

  /** Created when first needed: most programs never need it. */
  private synchronized ExecutorService writers() {
    ExecutorService known = writers;
    if (known == null) {
      known = OwnThreads.expendable("fornada-writer", Integer.MAX_VALUE);
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

  // ---- the workers' set-up

  /** Writes a part of the workers' set-up in its present state, if that runs no user code. */
  void prepareSetUp(String what, @Nullable Object value) {
    if (value != null) {
      try {
        var out = new MessageOutput();
        Payloads.encodeWithoutUserCode(value, out);
        var _ = keepSetUp(what, out.toByteArray());
      } catch (IOException | RuntimeException e) {
        // The first worker's start writes it again, and reports what is wrong.
      }
    }
  }

  /** Returns the bytes of a part of the workers' set-up; null if it was not written yet. */
  byte @Nullable [] setUp(String what) {
    return setUps.get(what);
  }

  /**
   * Keeps the bytes of a part of the workers' set-up; returns those kept before, if there are any.
   */
  byte[] keepSetUp(String what, byte[] payload) {
    byte[] before = setUps.putIfAbsent(what, payload);
    return before == null ? payload : before;
  }

  // ---- items

  /**
   * Returns the item if it cannot change or cannot be written in time; else a copy of it.
   *
   * @param large its bytes if it is a {@linkplain Payloads#largeArray large array}
   */
  @Nullable Object item(@Nullable Object item, @Nullable MemorySegment large) {
    if (Immutables.contains(item) || item == null) {
      return item;
    }
    try {
      if (large != null) {
        return array(item, large, true);
      }
      return copy(item, codec == null ? bytes(item) : bytesByCodec(item, codec));
    } catch (Throwable e) { // anything that the user's writeObject throws: the item fails
      return HandedItem.failed(item, e);
    }
  }

  /**
   * As {@link #item} for an item that may change and is no large array, but for threads that are
   * not the user's: no code of a codec runs in the calling thread either.
   */
  Object itemElsewhere(Object item) {
    PayloadCodec by = codec;
    try {
      return copy(item, by == null ? bytes(item) : bytesElsewhere(() -> bytesByCodec(item, by)));
    } catch (Throwable e) { // anything that the user's code throws: the item fails
      return HandedItem.failed(item, e);
    }
  }

  private static Object copy(Object item, byte @Nullable [] bytes) {
    return bytes == null ? item : HandedItem.of(item, bytes);
  }

  /**
   * Copies a large array into a file that both processes map. This is the only copy in this
   * process.
   *
   * @param early whether the item may have to wait for a worker. Then it leaves room in memory for
   *     items that are being sent, and if there is no room on disk either, the copy is on the heap
   */
  HandedItem array(Object item, MemorySegment large, boolean early) throws IOException {
    if (engine == null) {
      return HandedItem.of(item, onHeap(item));
    }
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

  /** Returns the function if it cannot change or cannot be written in time; else a copy of it. */
  @SuppressWarnings("ReferenceEquality") // equals of a function may be the user's
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
      bytes = bytes(function);
    } catch (Throwable e) { // anything that the user's writeObject throws: its items fail
      return new HandedFunction<>(function, null, e);
    }
    if (bytes == null) {
      return function;
    }
    HandedFunction<?, ?> made = new HandedFunction<>(function, bytes, null);
    HandedFunction<?, ?> before = last.get();
    if (before != null && before.original() == function && before.equals(made)) {
      return before; // many calls share one copy, which may be large
    }
    last = new WeakReference<>(made);
    return made;
  }

  // ---- bytes

  /**
   * Returns the payload; null if the user's code does not return in time, or the thread must not
   * wait.
   */
  private byte @Nullable [] bytes(Object value) throws Throwable {
    var out = new MessageOutput();
    try {
      Payloads.encodeWithoutUserCode(value, out);
      return out.toByteArray();
    } catch (UserCodeException e) {
      return bytesElsewhere(() -> {
        var all = new MessageOutput();
        Payloads.encode(value, all);
        return all.toByteArray();
      });
    }
  }

  private byte[] bytesByCodec(Object value, PayloadCodec by) throws IOException {
    CodecSessions free = sessions.poll();
    CodecSessions session = free == null ? CodecSessions.of(by) : free;
    var out = new MessageOutput();
    Payloads.encode(value, out, session);
    if (session != null) {
      sessions.add(session);
    }
    return out.toByteArray();
  }

  private byte @Nullable [] bytesElsewhere(Callable<byte[]> writing) throws Throwable {
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
                return writing.call();
              } finally {
                self.setContextClassLoader(null);
                synchronized (writer) {
                  writer[0] = null; // from now on the thread's name is not changed
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
        Thread.currentThread().interrupt(); // the caller handles the interrupt
      }
      return null;
    }
  }
}
