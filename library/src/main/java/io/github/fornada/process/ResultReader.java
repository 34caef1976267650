package io.github.fornada.process;

import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Log;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.UserCodeException;
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
 * Reads what the worker of a slot sends: results, what tasks print, and events of tasks. One thread
 * at a time: the slot's own, or for a moment one that waits for a result.
 */
final class ResultReader {
  /**
   * How long a waiting thread reads at most. Longer than it takes to wake a sleeping worker:
   * otherwise, once both sides sleep, each would have to wake the other for every task from then
   * on.
   */
  private static final long READING_NANOS = 1_000_000; // Guess

  private static final int SPINS_PER_CHECK = 64;

  /** The maximum number of results passed on at once. */
  private static final int MAX_VALUES = 256; // Guess

  /** How often a message is tried to be read that the heap has no room for. */
  private static final int MOST_TRIES = 500; // Guess: a second

  private final WorkerSlot slot;
  private final Engine engine;
  private final String name;
  private final Dispatcher dispatcher;
  private final StatsRecorder stats;

  /** Set by the slot's thread; taken by the thread that reads. */
  private volatile @Nullable Restart restart;

  private record Restart(long left, long ready, boolean waited) {}

  /** Reads what may run user code. */
  private final GuardedResults guarded;

  /**
   * Held by the thread that reads results: the slot's, or for a moment one that waits for a result.
   * Taken before the slot's lock, never after it.
   */
  private final ReentrantLock reading = new ReentrantLock();

  /**
   * Whose results came last without their times, which follow. Used by the thread that reads
   * results.
   */
  private @Nullable Batch<?, ?> lastRow;

  /** Results about to be passed on; empty in between. Used by the thread that reads results. */
  private final @Nullable Object[] values = new @Nullable Object[MAX_VALUES];

  ResultReader(
      WorkerSlot slot,
      Engine engine,
      String name,
      Dispatcher dispatcher,
      StatsRecorder stats,
      GuardedResults guarded) {
    this.slot = slot;
    this.engine = engine;
    this.name = name;
    this.dispatcher = dispatcher;
    this.stats = stats;
    this.guarded = guarded;
  }

  /**
   * Reads until the end of the stream and returns false, or until a retiring worker has nothing
   * more to do and returns true.
   */
  boolean read(WorkerProcess from) throws IOException {
    do {
      if (readAll(from)) {
        return true;
      }
    } while (from.doorbell().await(from.results()));
    var _ = readAll(from); // written before it died
    return false;
  }

  /**
   * Waits for a thread that reads here for a moment; threads that come later find that the worker
   * is gone.
   */
  @SuppressWarnings("LockNotBeforeTry") // nothing is done between lock and unlock
  void awaitOthers() {
    reading.lock();
    try {
      // A thread that held the lock had found the worker before it was gone.
    } finally {
      reading.unlock();
    }
  }

  private boolean readAll(WorkerProcess from) throws IOException {
    RingReader ring = from.results();
    reading.lock();
    try {
      ring.pollWritten(); // once: messages that arrive meanwhile will soon be published
      while (isNext(ring)) {
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

  /** Reads the next message, if there is one. Where the heap has no room for it, waits a while. */
  private static boolean isNext(RingReader ring) throws IOException {
    for (int tries = 1; ; tries++) {
      try {
        return ring.next(); // reads nothing before it has the room
      } catch (OutOfMemoryError e) {
        if (tries == MOST_TRIES) {
          throw e;
        }
        HeapShortage.await(e);
      }
    }
  }

  /**
   * Ends consecutive items with their results, beginning with the message just read. What is
   * otherwise done for each item is done once for all of them. Returns as {@link #message} does.
   */
  private boolean values(WorkerProcess from, RingReader ring) throws IOException {
    SentRange due = dispatcher.due();
    if (MessageTypes.value(due.number()) != ring.type()) {
      throw new CorruptFrameException("result instead of that of item " + due.number());
    }
    Batch<?, ?> batch = due.batch();
    int first = due.first();
    int most = Math.min(due.count(), values.length);
    Engine relay = RelayedValue.target(batch, engine);
    ClassLoader loader = WorkerProcess.loaderOf(batch);
    from.endOfItem(null);
    int n = 0; // results that were read and not passed on
    int handed = 0; // and those handed over to be read
    Throwable unreadable = null;
    dispatcher.setDelivering(true);
    try {
      do {
        due.skip(1);
        try {
          values[n] =
              engine.far() != null
                  ? FarSide.Value.of(ring.body())
                  : relay != null
                      ? RelayedValue.of(ring.body(), loader)
                      : Payloads.decodeWithoutUserCode(ring.body(), loader);
          n++;
        } catch (CorruptFrameException e) {
          Outcomes.endUnreadable(batch, first + n, e);
          throw e;
        } catch (UserCodeException e) {
          passOn(batch, first, n);
          hand(batch, first + n, ring, loader);
          first += n + 1;
          handed += n + 1;
          n = 0;
        } catch (Throwable e) { // such as no memory
          unreadable = e;
        }
      } while (handed + n < most && unreadable == null && isNextOfRow(ring, due));
    } finally {
      passOn(batch, first, n);
      if (unreadable != null) {
        endUnreadable(batch, first + n, unreadable);
      }
      lastRow = batch;
      delivered(handed + n);
    }
    return slot.isLastOfRetiring();
  }

  /** Whether the next message is of the same row; false where there is no memory to read it now. */
  private static boolean isNextOfRow(RingReader ring, SentRange due) throws IOException {
    try {
      return ring.nextIs(MessageTypes.value(due.number()));
    } catch (OutOfMemoryError e) {
      return false; // it is still there
    }
  }

  private void hand(Batch<?, ?> batch, int i, RingReader ring, ClassLoader loader) {
    try {
      Outcomes.hand(
          GuardedResults.Unread.of(batch, i, false, ring.body(), loader, null, name), guarded);
    } catch (OutOfMemoryError e) { // for its bytes
      batch.fail(i, e, name);
    }
  }

  /** Ends {@code n} consecutive items with their results. */
  private void passOn(Batch<?, ?> batch, int first, int n) {
    if (n == 0) {
      return;
    }
    try {
      batch.done(first, values, n, name);
    } catch (RuntimeException | Error e) {
      callbackFailed(e);
    } finally {
      Arrays.fill(values, 0, n, null);
    }
  }

  private void endUnreadable(Batch<?, ?> batch, int i, Throwable thrown) {
    try {
      Outcomes.endUnreadable(batch, i, thrown);
    } catch (RuntimeException | Error e) {
      callbackFailed(e);
    }
  }

  private void callbackFailed(Throwable e) {
    Log.get().log(System.Logger.Level.WARNING, "a callback failed after an item of " + name, e);
  }

  /**
   * Lets a thread that waits for a task read this worker's results for a moment, if the task may be
   * with this worker and will probably end in that moment. Returns whether the task has ended.
   */
  @SuppressWarnings("ThreadPriorityCheck") // a hint; nothing depends on it
  boolean readFor(Future<?> task) {
    // A callback that waits runs while results are being read: it must not read further results in
    // between.
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
          for (int i = 0; i < SPINS_PER_CHECK && !task.isDone(); i++) {
            if (!from.results().isReady()) {
              Thread.onSpinWait();
            } else if (readAll(from)) {
              from.askToExit(); // the worker is retiring: the slot's thread handles its end
              return task.isDone();
            }
          }
          if (task.isDone()) {
            break;
          }
          // On a busy machine the worker may wait for this processor: without this it got it when
          // the deadline was over, and a round trip took a millisecond.
          Thread.yield();
        } while (System.nanoTime() < deadline);
      } finally {
        while (from.doorbell().resume(from.results()) && !readAll(from)) {
          from.doorbell().pause();
        }
      }
    } catch (OutOfMemoryError e) {
      // What it could not read, the slot's thread reads: it is told of it.
      WorkerProcess from = slot.worker();
      if (from != null) {
        from.doorbell().rang();
      }
    } catch (IOException e) {
      // the worker is broken: the slot's thread handles its end
      WorkerProcess broken = slot.worker();
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
        tellOfRestartBefore(row, nanos);
        row.spent(count, nanos, name);
      }
      return false;
    }
    return result(from, type, in);
  }

  /**
   * The worker has replaced another one. By the slot's thread, before it reads.
   *
   * @param waited whether items waited for it, so that it was not ready before it began the first
   */
  void restarted(long left, long ready, boolean waited) {
    restart = new Restart(left, ready, waited);
  }

  /** As {@link #tellOfRestart}, for items that have just ended. Nearly always there is no news. */
  private void tellOfRestartBefore(Batch<?, ?> batch, long nanos) {
    if (restart != null) {
      tellOfRestart(batch, System.nanoTime() - nanos);
    }
  }

  /**
   * Tells the batch whose item is the first that this worker has begun, and no other.
   *
   * @param began when that was, if there is news; by the clock of this JVM
   */
  void tellOfRestart(Batch<?, ?> batch, long began) {
    Restart last = restart;
    if (last != null) {
      restart = null;
      batch.restarted(
          name, last.left(), last.waited() ? Math.max(last.ready(), began) : last.ready());
    }
  }

  /**
   * The worker has died and had begun nothing: to replace it goes on, if items waited. By the
   * slot's thread, when no other reads.
   */
  long untoldRestart(long left) {
    Restart last = restart;
    restart = null;
    return last == null || !last.waited() ? left : last.left();
  }

  private boolean result(WorkerProcess from, int type, MessageInput in) throws IOException {
    SentItem sent = dispatcher.take(in.getLong());
    from.endOfItem(sent);
    // First: the caller that waits for the result may send the next item, which can then reuse the
    // file.
    sent.forget(engine);
    dispatcher.setDelivering(true);
    try {
      Outcomes.end(sent, type, in, from, engine, guarded);
    } catch (IOException e) {
      // The worker is broken; this item must not be lost with its message.
      Outcomes.endUnreadable(sent, e);
      throw e;
    } catch (RuntimeException | Error e) {
      // Thrown by a callback or by a dependent of a future: user code, and not this worker's fault.
      Outcomes.endUnreadable(sent, e);
      callbackFailed(e);
    } finally {
      spent(1, from.lastItemNanos());
      tellOfRestartBefore(sent.batch(), from.lastItemNanos());
      sent.batch().spent(1, from.lastItemNanos(), name);
      delivered(1);
    }
    return slot.isLastOfRetiring();
  }

  /** Notes that {@code count} consecutive items took the worker {@code nanos}. */
  private void spent(int count, long nanos) {
    stats.worked(nanos);
    dispatcher.took(count, nanos);
  }

  /** Called when {@code count} results were delivered and their callbacks have run. */
  private void delivered(int count) {
    dispatcher.setDelivering(false);
    var _ = Thread.interrupted(); // an interrupt by a callback ends with the callback
    stats.ran(count);
    dispatcher.feedInTime();
  }
}
