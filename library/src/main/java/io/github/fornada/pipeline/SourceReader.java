package io.github.fornada.pipeline;

import io.github.fornada.jvm.Callbacks;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Sources;
import io.github.fornada.spi.FedCall;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Iterator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Reads the source of a pipeline, on a thread of its own: a source is user code, which may wait, or
 * never return.
 */
final class SourceReader implements Giver {
  private static final VarHandle TAKEN;

  static {
    try {
      TAKEN = MethodHandles.lookup().findVarHandle(SourceReader.class, "taken", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Items of a fast source after which the first stage is told. */
  private static final int TELL_EVERY = 64; // Guess

  private final PipelineEngine engine;
  private final Iterable<?> source;
  private final ItemQueue out;

  /** Takes the items as they are when they are read; null if they need not be copied then. */
  private final @Nullable FedCall to;

  private final @Nullable ClassLoader loader = Thread.currentThread().getContextClassLoader();
  private final CountDownLatch ended = new CountDownLatch(1);

  /** Whether it waits for room. Written by the reader and by who frees places. */
  private volatile boolean starved;

  /** Null before it runs and after its end. Guarded by this. */
  private @Nullable Thread thread;

  /** Whether nothing more is wanted. Guarded by this; also read without. */
  private volatile boolean stopped;

  /** Whether what the source gives from now on counts as never taken. Guarded by this. */
  private boolean endsHere;

  /** What the source has thrown. Written before the end. */
  private volatile @Nullable Throwable failure;

  /** Written by the reader's thread, by TAKEN; read by those who want figures. */
  private volatile long taken;

  SourceReader(PipelineEngine engine, Iterable<?> source, ItemQueue out, @Nullable FedCall to) {
    this.engine = engine;
    this.source = source;
    this.out = out;
    this.to = to;
  }

  void start() {
    OwnThreads.start("fornada-pipeline-source", this::run);
  }

  long taken() {
    return taken;
  }

  @Nullable Throwable failure() {
    return failure;
  }

  private void run() {
    if (begins()) {
      Thread.currentThread().setContextClassLoader(loader);
      try {
        read();
      } catch (Throwable e) { // user code; of no interest if it is the interrupt by a stop
        if (!stopped) {
          failure = e;
        }
      }
    }
    synchronized (this) {
      thread = null;
    }
    ended.countDown();
    while (!stopped) {
      try {
        engine.sourceEnded();
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e); // else the stages would wait for ever
      }
    }
  }

  private synchronized boolean begins() {
    if (!stopped) {
      thread = Thread.currentThread();
    }
    return !stopped;
  }

  private void read() {
    Iterator<?> it = Sources.iterator(source);
    int untold = 0;
    int room = awaitRoom();
    while (room > 0 && !stopped && it.hasNext()) {
      Object value = it.next();
      if (!put(value)) {
        return;
      }
      room--;
      untold++;
      if (room == 0 || untold >= TELL_EVERY) {
        out.tellTaker();
        untold = 0;
      } else {
        out.tellTakerIfIdle();
      }
      if (room == 0) {
        room = awaitRoom();
      }
    }
    out.free(room);
  }

  /** Puts an item in the queue; false if no more is wanted, and this one was never taken. */
  private boolean put(@Nullable Object value) {
    Object handed = to == null ? value : to.handOver(value); // may take long
    Item item = item(handed, value);
    synchronized (this) { // what is taken is in the queue before the rest is collected after a stop
      if (!endsHere) {
        out.put(item);
        TAKEN.setRelease(this, item.place + 1);
        return true;
      }
    }
    FedCall.release(handed);
    return false;
  }

  /** Makes the next item, as soon as there is memory for it: what was read must not be lost. */
  private Item item(@Nullable Object handed, @Nullable Object value) {
    while (true) {
      try {
        long place = taken;
        var item = new Item(handed, new Origin(place, value));
        item.place = place;
        return item;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  /** Returns for how many items places are reserved; 0 if no more are wanted. */
  private int awaitRoom() {
    while (!stopped) {
      int most = Math.max(1, out.limit() / 4);
      int room = out.reserve(most);
      if (room > 0) {
        return room;
      }
      starved = true; // before the second try: who frees a place after it sees that
      room = out.reserve(most);
      if (room > 0) {
        starved = false;
        return room;
      }
      while (starved && !stopped) {
        LockSupport.park(this);
        var _ = Thread.interrupted(); // a stop's, or nobody's: every further park would return
      }
    }
    return 0;
  }

  @Override
  public boolean wantsRoom(int room, int limit) {
    return starved && ItemQueue.isRoomAgain(room, limit);
  }

  @Override
  public void roomAgain() {
    starved = false;
    wakeUp();
  }

  private void wakeUp() {
    Thread reader;
    synchronized (this) {
      reader = thread;
    }
    LockSupport.unpark(reader);
  }

  /** Takes no more from the source. */
  void stop() {
    Thread reader;
    synchronized (this) {
      stopped = true;
      reader = thread;
    }
    if (reader != null) {
      LockSupport.unpark(reader);
      // By another thread: an interrupt closes a channel that the source reads, and that may block.
      Callbacks.run(null, reader::interrupt);
    }
  }

  /** What was taken by now is all that has an outcome, after a stop. */
  synchronized void endsHere() {
    endsHere = true;
  }

  /** Waits for the end of the thread, for a time: the source may never return. */
  boolean awaitEnd(long nanos) throws InterruptedException {
    return ended.await(nanos, TimeUnit.NANOSECONDS);
  }
}
