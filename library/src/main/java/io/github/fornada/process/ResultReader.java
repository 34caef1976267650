package io.github.fornada.process;

import io.github.fornada.jvm.Log;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.RingReader;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Takes in what the worker of a slot sends: results, what tasks print, and news of them. One thread
 * at a time: the slot's own, or for a moment one that waits for a result.
 */
final class ResultReader {
  /**
   * How long a waiting thread reads at most. Longer than it takes to wake a worker that has gone to
   * sleep: else both sides, once asleep, would have each other woken for every task from then on.
   */
  private static final long READING_NANOS = 1_000_000; // Guess

  private static final int SPINS_PER_LOOK = 64;

  /** Results passed on at once. */
  private static final int MOST_VALUES = 256; // Guess

  private final WorkerSlot slot;
  private final Engine engine;
  private final String name;
  private final Dispatcher dispatcher;
  private final StatsRecorder stats;

  /**
   * Held by the thread that reads results: the slot's, or for a moment one that waits for a result.
   * To be taken before the slot's lock.
   */
  private final ReentrantLock reading = new ReentrantLock();

  /** Whose results came last without their times, which follow. Used by who reads results. */
  private @Nullable Batch<?, ?> lastRow;

  /** Results about to be passed on; empty between. Used by who reads results. */
  private final @Nullable Object[] values = new @Nullable Object[MOST_VALUES];

  ResultReader(
      WorkerSlot slot, Engine engine, String name, Dispatcher dispatcher, StatsRecorder stats) {
    this.slot = slot;
    this.engine = engine;
    this.name = name;
    this.dispatcher = dispatcher;
    this.stats = stats;
  }

  /** Until the end of the stream: false; or until a retiring worker has no more to do: true. */
  boolean read(WorkerProcess from) throws IOException {
    do {
      if (readAll(from)) {
        return true;
      }
    } while (from.doorbell().await(from.results()));
    var _ = readAll(from); // written before it died
    return false;
  }

  /** Waits for a thread that reads here for a moment; later ones find that the worker has gone. */
  @SuppressWarnings("LockNotBeforeTry") // there is nothing between the two
  void awaitOthers() {
    reading.lock();
    try {
      // Whoever held it has found the worker before it was gone.
    } finally {
      reading.unlock();
    }
  }

  private boolean readAll(WorkerProcess from) throws IOException {
    RingReader ring = from.results();
    reading.lock();
    try {
      ring.lookClosely(); // once, for all that comes while this goes on is soon shown
      while (ring.next()) {
        boolean isLast =
            MessageTypes.isValue(ring.type())
                ? values(from, ring)
                : message(from, ring.type(), ring.body());
        if (isLast) {
          return true;
        }
      }
      return false;
    } finally {
      reading.unlock();
    }
  }

  /**
   * Ends items in a row with their bare results, beginning with the message just read; what a slot
   * does for every item it does once for all of them. Returns as message does.
   */
  private boolean values(WorkerProcess from, RingReader ring) throws IOException {
    SentRange due = dispatcher.due();
    if (MessageTypes.value(due.number()) != ring.type()) {
      throw new CorruptFrameException("result instead of that of item " + due.number());
    }
    Batch<?, ?> batch = due.batch();
    int first = due.first();
    int most = Math.min(due.count(), values.length);
    Engine relay = RelayedValue.target(batch, from);
    ClassLoader loader = from.loaderOf(batch);
    from.endOfItem(null);
    int n = 0;
    Throwable unreadable = null;
    dispatcher.delivers(true);
    try {
      do {
        due.skip(1);
        try {
          values[n] =
              relay != null
                  ? RelayedValue.of(ring.body(), loader)
                  : Payloads.decode(ring.body(), loader, from.codec());
          n++;
        } catch (CorruptFrameException e) {
          Outcomes.endUnreadable(batch, first + n, e);
          throw e;
        } catch (Throwable e) { // whatever the user's readObject or constructor throws
          unreadable = e;
        }
      } while (n < most && unreadable == null && ring.nextIs(MessageTypes.value(due.number())));
    } finally {
      try {
        batch.done(first, values, n, name);
        if (unreadable != null) {
          Outcomes.endUnreadable(batch, first + n, unreadable);
        }
      } catch (RuntimeException | Error e) {
        Log.get().log(System.Logger.Level.WARNING, "a callback failed after an item of " + name, e);
      }
      Arrays.fill(values, 0, n, null);
      lastRow = batch;
      delivered(n);
    }
    return slot.isLastOfRetiring();
  }

  /**
   * Lets a thread that waits for a task read this worker's results for a moment, if the task may be
   * here and is likely to end in that moment. Returns whether the task has ended.
   */
  boolean readFor(Future<?> task) {
    // A callback that waits runs while results are read: it must not read on in their midst.
    if (!dispatcher.isBusyWithQuickItems()
        || reading.isHeldByCurrentThread()
        || !reading.tryLock()) {
      return task.isDone();
    }
    try {
      WorkerProcess from = slot.serving();
      if (from == null) {
        return false;
      }
      from.doorbell().pause();
      try {
        long deadline = System.nanoTime() + READING_NANOS;
        do {
          for (int i = 0; i < SPINS_PER_LOOK && !task.isDone(); i++) {
            if (!from.results().isReady()) {
              Thread.onSpinWait();
            } else if (readAll(from)) {
              from.askToExit(); // it is retiring: the slot's thread sees its end
              return task.isDone();
            }
          }
        } while (!task.isDone() && System.nanoTime() < deadline);
      } finally {
        while (from.doorbell().resume(from.results()) && !readAll(from)) {
          from.doorbell().pause();
        }
      }
    } catch (IOException e) {
      WorkerProcess broken = slot.worker(); // out of order: its end tells the slot's thread
      if (broken != null) {
        broken.note("it sent a " + e.getMessage());
        broken.kill("because it sent what it must not");
      }
    } finally {
      reading.unlock();
    }
    return task.isDone();
  }

  /** Returns true if the worker was retiring and has nothing more to do. */
  private boolean message(WorkerProcess from, int type, MessageInput in) throws IOException {
    if (type == MessageTypes.OUTPUT) {
      boolean error = in.getByte() != 0;
      long number = in.getLong();
      from.printed(error, dispatcher.find(number), in);
      return false;
    }
    if (type == MessageTypes.STARTED) {
      SentItem sent = dispatcher.find(in.getLong());
      if (sent != null) {
        sent.batch().started(sent.i(), name, from.toOwnClock(in.getLong()));
      }
      return false;
    }
    if (type == MessageTypes.SPENT) {
      int count = in.getInt();
      long nanos = in.getLong();
      if (count < 1) {
        throw new CorruptFrameException(count + " items that took " + nanos + " ns");
      }
      spent(count, nanos);
      Batch<?, ?> row = lastRow;
      lastRow = null;
      if (row != null) {
        row.spent(count, nanos);
      }
      return false;
    }
    return result(from, type, in);
  }

  private boolean result(WorkerProcess from, int type, MessageInput in) throws IOException {
    SentItem sent = dispatcher.take(in.getLong());
    from.endOfItem(sent);
    // First: who waits for the result may send the next, which finds the file in the cache.
    sent.forget(engine);
    dispatcher.delivers(true);
    try {
      Outcomes.end(sent, type, in, from, engine);
    } catch (IOException e) {
      // The worker is out of order; this item must not vanish with its message.
      Outcomes.endUnreadable(sent, e);
      throw e;
    } catch (RuntimeException | Error e) {
      // A callback, or a listener of a future: user code, and not this worker's fault.
      Outcomes.endUnreadable(sent, e);
      Log.get().log(System.Logger.Level.WARNING, "a callback failed after an item of " + name, e);
    } finally {
      spent(1, from.lastItemNanos());
      sent.batch().spent(1, from.lastItemNanos());
      delivered(1);
    }
    return slot.isLastOfRetiring();
  }

  /** Notes that {@code count} items in a row took the worker {@code nanos}. */
  private void spent(int count, long nanos) {
    stats.worked(nanos);
    dispatcher.took(count, nanos);
  }

  /** {@code count} results are delivered, and what waited for them has run. */
  private void delivered(int count) {
    dispatcher.delivers(false);
    var _ = Thread.interrupted(); // a callback's own business, over with it
    stats.ran(count);
    dispatcher.feedInTime();
  }
}
