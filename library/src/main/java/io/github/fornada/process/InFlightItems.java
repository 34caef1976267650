package io.github.fornada.process;

import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.worker.TaskWatchdog;
import io.github.fornada.spi.Batch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What one worker was sent and has not answered, under the numbers that it was sent under; and who
 * may write to that worker.
 */
final class InFlightItems {
  private final Engine pool;

  /**
   * Guards this and the {@link Dispatcher} it belongs to. None of the user's code runs under it.
   */
  final ReentrantLock lock = new ReentrantLock();

  // All guarded by lock.
  private @Nullable WorkerProcess worker;
  private volatile boolean open; // read without the lock too
  private final ArrayDeque<SentRange> spans = new ArrayDeque<>();
  private long epoch;
  private long nextNumber;
  private long numberLimit;

  /** Items outstanding, also for a look without the lock. Written under lock. */
  private volatile int ahead;

  /** Items whose results are in the ring. Used by the one thread that reads results. */
  private @Nullable SentRange arrived;

  InFlightItems(Engine pool) {
    this.pool = pool;
  }

  /** From now on items go to this worker, at most so many. Under lock. */
  void attach(WorkerProcess started, long mostItems) {
    worker = started;
    epoch = 0;
    nextNumber = 0;
    numberLimit = mostItems;
    open = true;
  }

  /** No more items go to the worker. Under lock. */
  void shut() {
    open = false;
  }

  // ---- whoever reads results

  /** The outstanding item that a result is for, which must be the first. */
  SentItem take(long number) throws CorruptFrameException {
    SentRange due = due();
    if (due.number() != number) {
      throw new CorruptFrameException(
          "result of item number " + number + " instead of " + due.number());
    }
    return due.takeFirst();
  }

  /**
   * The item that the next result must be for, with those behind it whose results are in the ring
   * too. The caller takes them off; what it leaves counts as begun.
   */
  SentRange due() throws CorruptFrameException {
    SentRange due = arrived;
    if (due == null || due.isEmpty()) {
      due = begun();
      arrived = due;
    }
    return due;
  }

  private SentRange begun() throws CorruptFrameException {
    lock.lock();
    try {
      SentRange front = spans.peekFirst();
      WorkerProcess current = worker;
      long begun =
          front == null || current == null
              ? 0
              : ClaimWord.number(current.claims().next()) - front.number();
      if (front == null || begun < 1) {
        throw new CorruptFrameException("result of an item, but none is due");
      }
      // What was begun before the item that runs now has its result in the ring already: nobody
      // can cancel it or take it back, so that it is this thread's alone.
      SentRange taken = front.split(Math.clamp(begun - 1, 1, front.count()));
      if (front.isEmpty()) {
        spans.removeFirst();
      }
      count(-taken.count());
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Under lock. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // under lock
  private void count(int change) {
    ahead += change;
  }

  /** Whether there is no more to wait for; for the thread that reads results. */
  boolean isDrained() {
    return (arrived == null || arrived.isEmpty()) && size() == 0;
  }

  /** The outstanding item of this number, if there is one; for the thread that reads results. */
  @Nullable SentItem find(long number) {
    SentItem found = arrived == null ? null : arrived.find(number);
    if (found != null) {
      return found;
    }
    lock.lock();
    try {
      for (SentRange span : spans) {
        found = span.find(number);
        if (found != null) {
          return found;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  // ---- whoever feeds

  /** How many items this worker may still get. */
  int numbersLeft() {
    lock.lock();
    try {
      return (int) Math.min(Integer.MAX_VALUE, numberLimit - nextNumber);
    } finally {
      lock.unlock();
    }
  }

  /** Whether the worker may be sent another item at all. Under lock. */
  boolean mayHaveMore() {
    return open && nextNumber < numberLimit;
  }

  /** Keeps the lock for some items in a row; none of the user's code may run meanwhile. */
  void hold() {
    lock.lock();
  }

  /** Lets go of the lock and shows the worker what was written. */
  void letGo(WorkerProcess to) {
    lock.unlock();
    flush(to);
  }

  /** Writes an item for the worker, if it can; null if it could. The sender calls this for each. */
  Sender.@Nullable Result commit(
      Batch<?, ?> batch,
      int i,
      WorkerProcess to,
      MessageOutput body,
      int bytes,
      @Nullable String file) {
    var span = new SentRange(batch, i, 1, 0, bytes, file);
    return commit(span, MessageTypes.TASK, to, body.array(), body.size());
  }

  /** As above, for several items in a row. */
  Sender.@Nullable Result commit(
      Batch<?, ?> batch, int first, int count, WorkerProcess to, MessageOutput body) {
    return commitRow(batch, first, count, to, body.array(), body.size());
  }

  Sender.@Nullable Result commitRow(
      Batch<?, ?> batch, int first, int count, WorkerProcess to, byte[] body, int size) {
    MessageOutput.setInt(body, Sender.COUNT_AT, count);
    return commit(
        new SentRange(batch, first, count, 0, size, null), MessageTypes.TASKS, to, body, size);
  }

  private Sender.@Nullable Result commit(
      SentRange span, int type, WorkerProcess to, byte[] body, int size) {
    lock.lock();
    try {
      if (!open || worker != to) {
        return Sender.Result.WORKER_GONE;
      }
      if (numberLimit - nextNumber < span.count()) {
        return Sender.Result.FULL;
      }
      span.ticket(ClaimWord.ticket(epoch, nextNumber));
      MessageOutput.setLong(body, 0, span.ticket());
      if (!to.requests().tryWrite(type, body, size)) {
        return Sender.Result.FULL;
      }
      spans.addLast(span);
      nextNumber += span.count();
      count(span.count());
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Writes any other message; false if the ring is full or the worker gone. */
  boolean write(WorkerProcess to, int type, MessageOutput body) {
    lock.lock();
    try {
      return worker == to && open && to.requests().tryWrite(type, body.array(), body.size());
    } finally {
      lock.unlock();
    }
  }

  /** Whether this is the worker that items go to. */
  boolean serves(WorkerProcess candidate) {
    lock.lock();
    try {
      return open && worker == candidate;
    } finally {
      lock.unlock();
    }
  }

  /** Shows the worker what was written. */
  void flush(WorkerProcess to) {
    to.requests().publish();
    to.bell().ring();
  }

  // ---- other threads

  /** Items outstanding. This and the next take no lock: it may change at any moment. */
  int size() {
    return ahead;
  }

  /** Whether a worker is there. */
  boolean isOpen() {
    return open;
  }

  /** Number of the item that the worker runs now; -1 if none. */
  long running(WorkerProcess of) {
    lock.lock();
    try {
      SentRange first = spans.peekFirst();
      return worker == of && first != null && first.number() < ClaimWord.number(of.claims().next())
          ? first.number()
          : -1;
    } finally {
      lock.unlock();
    }
  }

  /** Items sent to this worker so far. */
  long sent() {
    lock.lock();
    try {
      return nextNumber;
    } finally {
      lock.unlock();
    }
  }

  /** The worker that items go to; null if none do. Under lock. */
  @Nullable WorkerProcess served() {
    return open ? worker : null;
  }

  /** Under lock: what the worker has not begun is not its own any more. */
  Set<Batch<?, ?>> takeBack() {
    Set<Batch<?, ?>> back = new LinkedHashSet<>();
    WorkerProcess current = worker;
    if (current == null || spans.isEmpty()) {
      return back;
    }
    long taken = current.claims().takeBack();
    if (ClaimWord.number(taken) > nextNumber) {
      current.note(
          "it claims item number " + ClaimWord.number(taken) + ", which it was never sent");
      current.kill();
      return back;
    }
    epoch = ClaimWord.epoch(taken);
    nextNumber = ClaimWord.number(taken);
    while (!spans.isEmpty() && spans.getLast().end() > nextNumber) {
      SentRange last = spans.getLast();
      int kept = (int) Math.max(0, nextNumber - last.number());
      count(kept - last.count());
      if (last.release(kept, pool)) {
        back.add(last.batch());
      }
      if (last.isEmpty()) {
        spans.removeLast();
      }
    }
    return back;
  }

  /**
   * The worker is gone: returns what it had begun; on request with the first it had not begun, for
   * one must be to blame when workers die again and again.
   *
   * @param untouched gets the batches that others may now claim items of
   */
  List<SentItem> detach(WorkerProcess gone, boolean blameFirst, Set<Batch<?, ?>> untouched) {
    List<SentItem> begun = new ArrayList<>();
    lock.lock();
    try {
      open = false;
      worker = null;
      long firstNotBegun = ClaimWord.number(gone.claims().next());
      if (firstNotBegun > nextNumber && !spans.isEmpty()) {
        // Nonsense: it claims what it was never sent. It ran one item at a time, so this one.
        firstNotBegun = spans.getFirst().number() + 1;
      }
      while (arrived != null && !arrived.isEmpty()) {
        begun.add(arrived.takeFirst()); // none, unless the worker has sent nonsense
      }
      for (SentRange span : spans) {
        while (span.number() < firstNotBegun || (blameFirst && begun.isEmpty())) {
          if (span.isEmpty()) {
            break;
          }
          begun.add(span.takeFirst());
        }
        if (span.release(0, pool)) {
          untouched.add(span.batch());
        }
      }
      spans.clear();
      ahead = 0;
    } finally {
      lock.unlock();
    }
    return begun;
  }

  /** Whether the item is with this worker, which then is told. */
  boolean cancel(Batch<?, ?> batch, int i) {
    lock.lock();
    try {
      WorkerProcess current = worker;
      for (SentRange span : spans) {
        SentItem sent = span.find(batch, i);
        if (sent != null && current != null) {
          current.cancel(sent.ticket());
          watchCancelled(current, sent.number());
          return true;
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** The worker may be in no state to obey: then it is killed from here. */
  private void watchCancelled(WorkerProcess of, long number) {
    Engine.later(
        pool.policy().grace().plus(WorkerSlot.SECOND_LINE),
        () -> {
          if (running(of) == number && of.runningSince() != 0) {
            of.stuck(number, new WorkerProcess.Stuck(TaskWatchdog.Reason.CANCEL, List.of()));
          }
        });
  }

  /** Adds the batches that items are of. */
  void addBatches(Set<Batch<?, ?>> all) {
    lock.lock();
    try {
      spans.forEach(span -> all.add(span.batch()));
    } finally {
      lock.unlock();
    }
  }
}
