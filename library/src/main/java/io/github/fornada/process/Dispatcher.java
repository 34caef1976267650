package io.github.fornada.process;

import io.github.fornada.jvm.Fifo;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.worker.TaskWatchdog;
import io.github.fornada.spi.Batch;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Dispatches items to one worker: sends as many items ahead as the worker needs to stay busy and no
 * more, knows which items are in flight and under which numbers, and takes back items that were not
 * begun.
 *
 * <p>Any thread that brings work may send items whose encoding runs no user code; the slot's feeder
 * thread sends the others.
 *
 * <p>One lock guards all of this, which is why it is one class: the items in flight, the thread
 * that feeds, and the right to write to the worker change together. No user code runs under the
 * lock.
 */
final class Dispatcher {
  /** How long an item may delay the items behind it while another worker is idle. */
  static final Duration PATIENCE = Duration.ofMillis(1); // Guess

  /**
   * The time of the work sent ahead, so that the worker need not wait for the next item: about as
   * long as it may take until this process gets a processor while tasks keep all of them busy.
   */
  private static final long AHEAD_NANOS = 2_000_000; // Guess

  private static final int MAX_AHEAD = 8192; // Guess

  /** With none, a list's first array would come with its first element, whatever was asked for. */
  private static final int FIRST_ROOM = 16;

  /**
   * However long items take, the next one is sent while one runs: on busy processors it may take
   * milliseconds until this process runs and can send it. If another worker is idle meanwhile, the
   * item is taken back.
   */
  private static final int MIN_AHEAD = 2;

  private static final double QUICK_NANOS = 20_000; // Guess

  /** How often it is looked whether a worker begins what it was sent. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  /**
   * After so many looks at which items lay with the worker and it had begun none since the look
   * before, it is killed: it was stopped, by a signal or a debugger. Not by time alone, because
   * this process may have been stopped with it.
   */
  private static final int MOST_LOOKS = 10; // Guess: the machine may be busy

  /** The same when the pool was shut down, and waits for this. */
  private static final int MOST_LOOKS_IN_SHUTDOWN = 5; // Guess

  /** The same when nobody wants the items any more. */
  private static final int MOST_LOOKS_IN_STOP = 2; // Guess

  private final Engine engine;

  /** The number of the slot, from 0. */
  private final int index;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition needsFeeder = lock.newCondition();

  // ---- the worker and the items it was sent. All guarded by lock.

  private @Nullable WorkerProcess worker;

  /** Whether a worker is there that takes items. Also read without the lock. */
  private volatile boolean open;

  private final Fifo<SentRange> ranges = new Fifo<>();
  private long epoch;
  private long nextNumber;
  private long numberLimit;

  /** The claim word at the last check of the balance. */
  private long claimsSeen = -1;

  /** Whether a look at the worker is due. */
  private boolean looks;

  /** How many items it had begun at the last look. */
  private long begunSeen;

  /** At how many looks in a row items lay with the worker and it had begun none since. */
  private int idleLooks;

  /** The number of items in {@code ranges}. Also read without the lock. */
  private volatile int inFlight;

  // ---- which thread feeds. All guarded by lock.

  private boolean feeding;
  private boolean feederWanted;
  private boolean ended;

  /**
   * Used by the thread that has set {@code feeding}; read by others to find what is being written.
   */
  private volatile Sender sender;

  // ---- not guarded by lock

  /** Items whose results are in the ring. Used by the thread that reads results. */
  private @Nullable SentRange arrived;

  /** Whether the thread that reads results is in user code, which may wait. Written by it. */
  private volatile boolean delivering;

  /** Mean time of an item lately, in nanoseconds; 0 while unknown. Written by the slot's thread. */
  private volatile double meanNanos;

  /** Made before it is needed: then there may be no memory for it. */
  private final Runnable feedAgain = this::feedSurely;

  /**
   * A batch that was polled and not sent completely: the ring was full, or it needs the feeder. Set
   * while feeding.
   */
  private volatile @Nullable Batch<?, ?> held;

  Dispatcher(Engine engine, int index) {
    this.engine = engine;
    this.index = index;
    this.sender = new Sender(engine, this, index);
  }

  // ---- the slot's thread

  /** Dispatches to this worker from now on, {@code mostItems} items at most. */
  void attach(WorkerProcess started, long mostItems) {
    lock.lock();
    try {
      claimsSeen = -1;
      looks = false; // those that are due are for the worker before
      begunSeen = 0;
      idleLooks = 0;
      sender.reset(started);
      worker = started;
      epoch = 0;
      nextNumber = 0;
      numberLimit = mostItems;
      open = true;
    } finally {
      lock.unlock();
    }
  }

  /** Takes the item in flight that a result belongs to, which must be the first. */
  SentItem take(long number) throws CorruptFrameException {
    SentRange due = due();
    if (due.number() != number) {
      throw new CorruptFrameException(
          "result of item number " + number + " instead of " + due.number());
    }
    return due.takeFirst();
  }

  /**
   * Returns the item that the next result must belong to, and the items behind it whose results are
   * in the ring too. The caller takes the items off the range; items that it leaves count as begun.
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
      SentRange front = ranges.peek();
      WorkerProcess current = worker;
      long begun =
          front == null || current == null
              ? 0
              : ClaimWord.number(current.claims().next()) - front.number();
      if (front == null || begun < 1) {
        throw new CorruptFrameException("result of an item, but none is due");
      }
      // Items begun before the running one have their results in the ring already. No thread can
      // cancel them or take them back, so only this thread uses them.
      SentRange taken = front.split(Math.clamp(begun - 1, 1, front.count()));
      if (front.isEmpty()) {
        ranges.remove();
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
    inFlight += change;
  }

  /** Returns whether no more results are due. For the thread that reads results. */
  boolean isDrained() {
    return (arrived == null || arrived.isEmpty()) && inFlight() == 0;
  }

  /**
   * Returns the item in flight with this number; null if there is none. For the thread that reads
   * results.
   */
  @Nullable SentItem find(long number) {
    SentItem found = arrived == null ? null : arrived.find(number);
    if (found != null) {
      return found;
    }
    lock.lock();
    try {
      for (SentRange range : ranges) {
        found = range.find(number);
        if (found != null) {
          return found;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether items are in flight that will probably end within microseconds. */
  boolean isBusyWithQuickItems() {
    return inFlight() > 0 && meanNanos > 0 && meanNanos < QUICK_NANOS;
  }

  /**
   * Returns whether results are expected within microseconds; the last of them makes this
   * dispatcher feed again.
   */
  boolean willAskSoon() {
    return isOpen() && inFlight() >= MIN_AHEAD && meanNanos > 0 && meanNanos < QUICK_NANOS;
  }

  /**
   * Notes whether results are being delivered, which runs the user's callbacks. A callback may wait
   * for another task. As long as it does, that task must not be sent to this worker, because no
   * thread would read its result. The end of the delivery feeds again.
   */
  void setDelivering(boolean now) {
    delivering = now;
    if (!now && arrived != null && arrived.isEmpty()) {
      arrived = null; // drops the reference to its call and the call's results
    }
  }

  /** Notes that {@code count} consecutive items took {@code nanos}. */
  void took(int count, long nanos) {
    double each = Math.max(1, nanos) / (double) count;
    meanNanos = meanNanos == 0 ? each : meanNanos + (each - meanNanos) * count / (count + 7.0);
  }

  /** Called when items have ended: sends more before the worker runs out of items. */
  void feedInTime() {
    int ahead = inFlight();
    if (ahead < MIN_AHEAD || ahead * meanNanos < AHEAD_NANOS / 2.0) {
      feedSurely();
      if (isIdle()) {
        engine.balanceSoon(); // because another thread may have been feeding before this was idle
      }
    }
  }

  /** Sends no more items to this worker, and gives back those that it has not begun. */
  void close() {
    Set<Batch<?, ?>> back;
    lock.lock();
    try {
      open = false;
      back = takeBack();
    } finally {
      lock.unlock();
    }
    back.forEach(engine::putBack);
    releaseHeld();
  }

  /**
   * Called when the worker is gone. Returns the items that it had begun. If {@code blameFirst} and
   * it had begun none, returns the first item that was sent, because some item must be blamed when
   * workers die again and again.
   */
  List<SentItem> detach(WorkerProcess gone, boolean blameFirst) {
    Left left = Left.empty();
    while (true) {
      OutOfMemoryError lack = detach(gone, blameFirst, left.begun, left.untouched);
      if (lack == null) {
        break;
      }
      HeapShortage.await(lack);
    }
    for (Batch<?, ?> batch : left.untouched) {
      engine.putBack(batch);
    }
    releaseHeld();
    return left.begun;
  }

  /** What a worker that is gone has left. */
  private static final class Left {
    final ArrayList<SentItem> begun = new ArrayList<>(FIRST_ROOM);
    final ArrayList<Batch<?, ?>> untouched = new ArrayList<>(FIRST_ROOM);

    static Left empty() {
      while (true) {
        try {
          return new Left();
        } catch (OutOfMemoryError e) {
          HeapShortage.await(e);
        }
      }
    }
  }

  /**
   * Returns what the heap had no room for; called again it goes on where that was. An item is taken
   * off its range only when there is a place for it.
   */
  @SuppressWarnings("NonApiType") // room is asked for beforehand
  private @Nullable OutOfMemoryError detach(
      WorkerProcess gone,
      boolean blameFirst,
      ArrayList<SentItem> begun,
      ArrayList<Batch<?, ?>> untouched) {
    lock.lock();
    try {
      open = false;
      begun.ensureCapacity(begun.size() + inFlight + 1);
      untouched.ensureCapacity(untouched.size() + ranges.size());
      worker = null;
      long firstNotBegun = ClaimWord.number(gone.claims().next());
      if (firstNotBegun > nextNumber && !ranges.isEmpty()) {
        // Invalid: the worker claims items that it was never sent. It ran one item at a time, so
        // the first one is blamed.
        firstNotBegun = ranges.first().number() + 1;
      }
      while (arrived != null && !arrived.isEmpty()) {
        begun.add(arrived.takeFirst()); // none, unless the worker has sent invalid data
      }
      for (SentRange range : ranges) {
        while (range.number() < firstNotBegun || (blameFirst && begun.isEmpty())) {
          if (range.isEmpty()) {
            break;
          }
          begun.add(range.takeFirst());
        }
        if (range.release(0, engine) && !untouched.contains(range.batch())) {
          untouched.add(range.batch());
        }
      }
      ranges.clear();
      inFlight = 0;
      return null;
    } catch (OutOfMemoryError e) {
      return e;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the feeder thread. */
  void end() {
    lock.lock();
    try {
      ended = true;
      needsFeeder.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Gives back a batch that was polled for this worker: another may have room for it. */
  private void releaseHeld() {
    Batch<?, ?> batch = null;
    lock.lock();
    try {
      if (!feeding && !isOpen() && held != null) {
        batch = held;
        held = null;
      }
    } finally {
      lock.unlock();
    }
    if (batch != null) {
      engine.putBack(batch);
    }
  }

  // ---- feeding: any thread, one at a time

  /**
   * Sends work as long as the worker should have more. Returns whether it took any from the queue.
   *
   * @throws OutOfMemoryError if it must be called again, and there is no memory for that
   */
  boolean feed() {
    return feed(false);
  }

  /** As {@link #feed}, for threads that nobody needs who makes room: it waits for memory. */
  void feedSurely() {
    while (true) {
      try {
        var _ = feed();
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  private boolean feed(boolean onFeeder) {
    boolean took = false;
    while (true) {
      if (!beginFeeding(onFeeder)) {
        return took;
      }
      Sender using = sender;
      Sender.Result result = Sender.Result.NOTHING;
      Batch<?, ?> batch = held;
      try {
        held = null;
        if (batch == null) {
          batch = engine.take(index, batchSize());
        }
        if (batch != null) {
          took = true;
          result = send(using, batch, onFeeder);
          if (result != Sender.Result.SENT) {
            held = batch;
          }
        }
      } catch (OutOfMemoryError e) {
        if (!HeapShortage.isOfHeap(e)) {
          throw e;
        }
        held = batch; // there is no room to note what is sent: as if the worker had none
        result = Sender.Result.FULL;
      } finally {
        endFeeding(using, result);
      }
      switch (result) {
        case SENT -> {
          if (isAhead()) {
            engine.balanceSoon();
          }
        }
        case NOTHING -> {
          // A thread that queued work while this one was feeding has not waited: check once more.
          if (!engine.hasMore(index)) {
            if (isIdle()) {
              engine.balanceSoon();
            }
            return took;
          }
        }
        case FULL -> {
          if (isIdle()) {
            // Nothing is in flight whose end would feed again: the worker has not read the ring
            // yet.
            Engine.tryLater(PATIENCE, feedAgain);
          }
          return took;
        }
        case NEEDS_FEEDER -> {
          return took;
        }
        case WORKER_GONE -> releaseHeld(); // and try again: there may be a new worker already
      }
    }
  }

  /**
   * Sends what is not in quarantine. To recognize that may run user code, which only the feeder
   * waits for: any other thread may be the timer's.
   */
  private Sender.Result send(Sender using, Batch<?, ?> batch, boolean onFeeder) {
    Quarantine quarantine = engine.quarantine();
    if (!onFeeder && quarantine.asks(batch)) {
      return Sender.Result.NEEDS_FEEDER;
    }
    return quarantine.refuses(batch) && batch.isClosed()
        ? Sender.Result.SENT // none of its items is left to be run
        : using.send(batch, onFeeder);
  }

  /** Lets an idle worker make room for a large array while its bytes are copied here. */
  boolean announce(Object array, MemorySegment bytes) {
    if (!isIdle() || !beginFeeding(false)) {
      return false;
    }
    Sender using = sender;
    try {
      using.announce(array, bytes);
    } finally {
      endFeeding(using, Sender.Result.NOTHING);
    }
    if (held != null || engine.hasMore(index)) {
      feedSurely(); // a thread that wanted to feed meanwhile has not waited
    }
    return true;
  }

  private boolean beginFeeding(boolean onFeeder) {
    lock.lock();
    try {
      if (feeding || !hasRoom() || (feederWanted && !onFeeder) || isCallbackWaiting()) {
        return false;
      }
      feeding = true;
      feederWanted = false;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns whether results are being delivered to callbacks, which may wait for a task of another
   * worker.
   */
  private boolean isCallbackWaiting() {
    return delivering && engine.workers() > 1;
  }

  @SuppressWarnings("ReferenceEquality") // a sender is equal to itself only
  private void endFeeding(Sender used, Sender.Result result) {
    boolean closed;
    lock.lock();
    try {
      if (sender != used) {
        return; // this feeder was abandoned: another may be feeding by now
      }
      feeding = false;
      closed = !isOpen();
      if (result == Sender.Result.NEEDS_FEEDER) {
        feederWanted = true;
        needsFeeder.signal();
      }
    } finally {
      lock.unlock();
    }
    if (closed) {
      releaseHeld(); // this was closed meanwhile, when the batch could not be released
    }
  }

  void startFeeder() {
    startFeeder(this::feedOnDemand);
  }

  private void startFeeder(Runnable life) {
    engine.startSoon(
        "fornada-feeder-worker-" + (index + 1),
        () -> {
          try {
            life.run();
          } catch (UserCodeGuard.Abandoned e) {
            // Another thread has replaced this one, which ends.
          }
        });
  }

  /**
   * Replaces the feeder, which does not return from writing an item: the item ends, and another
   * thread feeds from now on. Called by the timer, which must run no user code itself.
   *
   * @param stack where the feeder was when the item's time was over; null if the item was cancelled
   */
  <R> void replaceFeeder(Batch<?, R> batch, int i, @Nullable List<StackTraceElement> stack) {
    lock.lock();
    try {
      sender = new Sender(sender, this); // what the old one still uses is no longer used by others
      feeding = false;
      feederWanted = true; // the old feeder may have been asked to send more
    } finally {
      lock.unlock();
    }
    startFeeder(() -> {
      try {
        if (batch.hasWaiting()) {
          engine.putBack(batch);
        }
        UserCodeGuard.end(batch, i, engine.policy().timeout(), stack);
      } finally {
        feedOnDemand();
      }
    });
  }

  /** The body of the feeder thread. */
  private void feedOnDemand() {
    while (true) {
      lock.lock();
      try {
        while (!feederWanted && !ended) {
          needsFeeder.awaitUninterruptibly();
        }
        if (ended) {
          return;
        }
      } finally {
        lock.unlock();
      }
      var _ = feed(true);
      lock.lock();
      try {
        // It cannot feed now: there is no room, or no worker, or a callback waits. Results, the end
        // of the callback and a new worker feed again.
        if (feederWanted && (feeding || !hasRoom() || isCallbackWaiting())) {
          feederWanted = false;
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** Under lock. */
  private boolean hasRoom() {
    int ahead = inFlight();
    if (ahead == 0 || !mayHaveMore()) {
      return mayHaveMore();
    }
    return meanNanos > 0
        && ahead < MAX_AHEAD
        && (ahead * meanNanos < AHEAD_NANOS || (ahead < MIN_AHEAD && !engine.seemsFreeSomewhere()));
  }

  /** Returns the number of items to poll at once, from the mean time of this worker's items. */
  private int batchSize() {
    double mean = meanNanos;
    long many = mean == 0 ? 1 : Math.clamp((long) (AHEAD_NANOS / mean), 1, MAX_AHEAD / 2);
    return (int) Math.clamp(numbersLeft(), 1, many);
  }

  // ---- writing to the worker: called by Sender, and by OpenRows in its place

  /** Returns how many more items this worker may get. */
  int numbersLeft() {
    lock.lock();
    try {
      return (int) Math.min(Integer.MAX_VALUE, numberLimit - nextNumber);
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether the worker may be sent another item at all. Under lock. */
  private boolean mayHaveMore() {
    return open && nextNumber < numberLimit;
  }

  /** Takes the lock, to write several items; no user code may run meanwhile. */
  void lock() {
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  /** Releases the lock and publishes what was written to the worker. */
  void unlockAndFlush(WorkerProcess to) {
    lock.unlock();
    flush(to);
  }

  /**
   * Writes an item for the worker. Returns null if that succeeded, else why not. The sender calls
   * this for each item.
   */
  Sender.@Nullable Result commit(
      Batch<?, ?> batch,
      int i,
      WorkerProcess to,
      MessageOutput body,
      int bytes,
      @Nullable String file) {
    var range = new SentRange(batch, i, 1, 0, bytes, file);
    return commit(range, MessageTypes.TASK, to, body.array(), body.size());
  }

  /** Writes a row of items, which is one message. Returns null if that succeeded, else why not. */
  Sender.@Nullable Result commit(
      Batch<?, ?> batch, int first, int count, WorkerProcess to, MessageOutput body) {
    return commitRow(batch, first, count, to, body.array(), body.size());
  }

  /**
   * Writes a row from the first {@code size} bytes of a body that another thread is still
   * extending.
   */
  Sender.@Nullable Result commitRow(
      Batch<?, ?> batch, int first, int count, WorkerProcess to, byte[] body, int size) {
    MessageOutput.setInt(body, Sender.COUNT_AT, count);
    return commit(
        new SentRange(batch, first, count, 0, size, null), MessageTypes.TASKS, to, body, size);
  }

  private Sender.@Nullable Result commit(
      SentRange range, int type, WorkerProcess to, byte[] body, int size) {
    lock.lock();
    try {
      if (!open || worker != to) {
        return Sender.Result.WORKER_GONE;
      }
      if (numberLimit - nextNumber < range.count()) {
        return Sender.Result.FULL;
      }
      ranges.reserve(1); // before the worker can see it
      range.ticket(ClaimWord.ticket(epoch, nextNumber));
      MessageOutput.setLong(body, 0, range.ticket());
      if (!to.requests().tryWrite(type, body, size)) {
        return Sender.Result.FULL;
      }
      ranges.addLast(range);
      nextNumber += range.count();
      count(range.count());
      if (!looks) {
        lookLater(to);
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Under lock. Where there is no memory for it, the next item that is sent sees to it. */
  private void lookLater(WorkerProcess at) {
    try {
      at.timers().tryAfter(LOOK, () -> look(at));
      looks = true;
    } catch (OutOfMemoryError e) {
      looks = false;
    }
  }

  /** Kills the worker if it does not begin what it was sent; another gets the items then. */
  private void look(WorkerProcess at) {
    lock.lock();
    try {
      if (worker != at) {
        return;
      }
      long begun = ClaimWord.number(at.claims().next());
      SentRange first = ranges.peek();
      if (begun != begunSeen || (first != null && first.number() < begun)) {
        idleLooks = 0;
      } else if (first != null) {
        idleLooks++;
      }
      begunSeen = begun;
      looks = false;
      if (first == null) {
        return; // until the next item is sent
      }
      int most =
          engine.isStopping()
              ? MOST_LOOKS_IN_STOP
              : engine.isClosing() ? MOST_LOOKS_IN_SHUTDOWN : MOST_LOOKS;
      if (idleLooks < most) {
        lookLater(at);
        return;
      }
    } finally {
      lock.unlock();
    }
    at.kill("because it did not begin what it was sent: was it stopped?");
  }

  /** Writes any other message; returns false if the ring is full or the worker gone. */
  boolean write(WorkerProcess to, int type, MessageOutput body) {
    lock.lock();
    try {
      return worker == to && open && to.requests().tryWrite(type, body.array(), body.size());
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether items are sent to {@code candidate}. */
  boolean serves(WorkerProcess candidate) {
    lock.lock();
    try {
      return open && worker == candidate;
    } finally {
      lock.unlock();
    }
  }

  /** Publishes what was written to the worker. */
  void flush(WorkerProcess to) {
    to.showRequests();
  }

  // ---- other threads

  /**
   * Returns the number of items in flight. This and the next three methods take no lock; their
   * results may change at any moment.
   */
  int inFlight() {
    return inFlight;
  }

  /** Returns whether there is a worker that takes items. */
  boolean isOpen() {
    return open;
  }

  /** Returns whether there is a worker and it has nothing to do. */
  boolean isIdle() {
    return isOpen() && inFlight() == 0;
  }

  /** Returns whether items wait behind another. */
  boolean isAhead() {
    return inFlight() > 1;
  }

  /** Returns the number of items sent to this worker so far. */
  long sent() {
    lock.lock();
    try {
      return nextNumber;
    } finally {
      lock.unlock();
    }
  }

  /** Returns the number of the item that the worker runs now; -1 if none. */
  private long running(WorkerProcess of) {
    lock.lock();
    try {
      SentRange first = ranges.peek();
      return worker == of && first != null && first.number() < ClaimWord.number(of.claims().next())
          ? first.number()
          : -1;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes back the items that the worker has not begun; returns the batches that have items to
   * claim again. Under lock.
   */
  private Set<Batch<?, ?>> takeBack() {
    Set<Batch<?, ?>> back = new LinkedHashSet<>();
    WorkerProcess current = worker;
    if (current == null || ranges.isEmpty()) {
      return back;
    }
    long taken = current.claims().takeBack();
    if (ClaimWord.number(taken) > nextNumber) {
      current.note(
          "it claims item number " + ClaimWord.number(taken) + ", which it was never sent");
      current.kill("because it claimed an item that it was never sent");
      return back;
    }
    epoch = ClaimWord.epoch(taken);
    nextNumber = ClaimWord.number(taken);
    while (!ranges.isEmpty() && ranges.last().end() > nextNumber) {
      SentRange last = ranges.last();
      int kept = (int) Math.max(0, nextNumber - last.number());
      count(kept - last.count());
      if (last.release(kept, engine)) {
        back.add(last.batch());
      }
      if (last.isEmpty()) {
        ranges.removeLast();
      }
    }
    return back;
  }

  /**
   * Gives back the items that the worker has not begun, if it has begun none since the last check,
   * or probably will not for some time.
   */
  void shedLoad() {
    Set<Batch<?, ?>> back = Set.of();
    lock.lock();
    try {
      WorkerProcess current = open ? worker : null;
      if (current == null || inFlight() < 2) {
        return;
      }
      long seen = current.claims().next();
      if (seen == claimsSeen || meanNanos > PATIENCE.toNanos()) {
        back = takeBack();
        meanNanos = Math.max(meanNanos, AHEAD_NANOS); // items take longer than expected
      }
      claimsSeen = seen;
    } finally {
      lock.unlock();
    }
    back.forEach(engine::putBack);
  }

  /** Cancels the item if it is in flight here, or is being written for this worker. */
  boolean cancel(Batch<?, ?> batch, int i) {
    return cancelInFlight(batch, i) || sender.encodingGuard().cancel(batch, i);
  }

  /** Cancels the item if it is in flight here; returns whether it is. */
  boolean cancelInFlight(Batch<?, ?> batch, int i) {
    lock.lock();
    try {
      WorkerProcess current = worker;
      for (SentRange range : ranges) {
        SentItem sent = range.find(batch, i);
        if (sent != null && current != null) {
          current.cancel(sent.ticket());
          killIfStillRunning(current, sent.number());
          return true;
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Kills the worker if the item still runs: the worker may be unable to stop it. */
  private void killIfStillRunning(WorkerProcess of, long number) {
    WorkerSlot.lookAfter(
        of,
        engine.policy().grace().plus(WorkerSlot.SECOND_LINE),
        () -> {
          if (running(of) == number && of.runningSince() != 0) {
            of.killForStuck(new WorkerProcess.Stuck(number, TaskWatchdog.Reason.CANCEL, List.of()));
          }
        });
  }

  /** Adds the batches that are in flight here, or are about to be. */
  void addBatches(Set<Batch<?, ?>> all) {
    lock.lock();
    try {
      ranges.forEach(range -> all.add(range.batch()));
    } finally {
      lock.unlock();
    }
    Batch<?, ?> waiting = held;
    if (waiting != null) {
      all.add(waiting);
    }
    Batch<?, ?> written = sender.encodingGuard().batch();
    if (written != null) {
      all.add(written);
    }
  }
}
