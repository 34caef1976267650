package io.github.fornada.process;

import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.worker.TaskWatchdog;
import io.github.fornada.spi.Batch;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Dispatches items to one worker: sends ahead as much as the worker needs to stay busy and no more,
 * knows which items are in flight and under which numbers, and takes back what was not begun.
 *
 * <p>Any thread that brings work may send items whose encoding runs no user code; the slot's feeder
 * thread sends the others.
 *
 * <p>One lock guards all of it, which is why it is one class: what is in flight, who feeds, and who
 * may write to the worker change together. No user code runs under the lock.
 */
final class Dispatcher {
  /** How long an item may hold up the items behind it while another worker idles. */
  static final Duration PATIENCE = Duration.ofMillis(1); // Guess

  /**
   * Work sent ahead, so that the worker need not wait for the next item: about what may pass until
   * this process gets a processor, where tasks keep all of them busy.
   */
  private static final long AHEAD_NANOS = 2_000_000; // Guess

  private static final int MAX_AHEAD = 8192; // Guess

  /**
   * However long items take, the next one lies ready behind the one that runs: on busy processors
   * it may be milliseconds until this process gets its turn to send one. If another worker idles
   * meanwhile, it is taken back.
   */
  private static final int MIN_AHEAD = 2;

  private static final double QUICK_NANOS = 20_000; // Guess

  private final Engine engine;

  /** The slot's, from 0. */
  private final int index;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition needsFeeder = lock.newCondition();

  // ---- the worker and the items it was sent. All guarded by lock.

  private @Nullable WorkerProcess worker;

  /** Whether a worker is there that takes items. Also read without the lock. */
  private volatile boolean open;

  private final ArrayDeque<SentRange> ranges = new ArrayDeque<>();
  private long epoch;
  private long nextNumber;
  private long numberLimit;

  /** Claims as they were at the last look of the balance. */
  private long claimsSeen = -1;

  /** Items in the ranges. Also read without the lock. */
  private volatile int inFlight;

  // ---- who feeds. All guarded by lock.

  private boolean feeding;
  private boolean feederWanted;
  private boolean ended;

  /** Used by whoever has set feeding; read by others to find what is being written. */
  private volatile Sender sender;

  // ---- not guarded by lock

  /** Items whose results are in the ring. Used by the one thread that reads results. */
  private @Nullable SentRange arrived;

  /** Whether the thread that reads results is in user code, which may wait. Written by it. */
  private volatile boolean delivering;

  /** Mean time of an item lately, in nanoseconds; 0 while unknown. Written by the slot's thread. */
  private volatile double meanNanos;

  /**
   * Polled, but not all of it sent: the ring was full, or it needs the feeder. Set while feeding.
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

  /** The item in flight that a result is for, which must be the first. */
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
      SentRange front = ranges.peekFirst();
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
        ranges.removeFirst();
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

  /** Whether there is no more to wait for; for the thread that reads results. */
  boolean isDrained() {
    return (arrived == null || arrived.isEmpty()) && inFlight() == 0;
  }

  /** The item in flight of this number, if there is one; for the thread that reads results. */
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

  /** Whether items are under way that are likely to end within microseconds. */
  boolean isBusyWithQuickItems() {
    return inFlight() > 0 && meanNanos > 0 && meanNanos < QUICK_NANOS;
  }

  /** Whether results are to be expected within microseconds, the last of which feeds again. */
  boolean willAskSoon() {
    return isOpen() && inFlight() >= MIN_AHEAD && meanNanos > 0 && meanNanos < QUICK_NANOS;
  }

  /**
   * Outcomes run the user's callbacks, and one may wait for another task: as long as it does, that
   * one must not come here, where nobody would read its result. The end of it feeds again.
   */
  void delivers(boolean now) {
    delivering = now;
    if (!now && arrived != null && arrived.isEmpty()) {
      arrived = null; // with its call, and all the results of that
    }
  }

  /** Notes that {@code count} items in a row took {@code nanos}. */
  void took(int count, long nanos) {
    double each = Math.max(1, nanos) / (double) count;
    meanNanos = meanNanos == 0 ? each : meanNanos + (each - meanNanos) * count / (count + 7.0);
  }

  /** Items have ended: sends more before the worker runs dry. */
  void feedInTime() {
    int ahead = inFlight();
    if (ahead < MIN_AHEAD || ahead * meanNanos < AHEAD_NANOS / 2.0) {
      var _ = feed();
      if (isIdle()) {
        engine.balanceSoon(); // for another thread may have been feeding, before this was idle
      }
    }
  }

  /** No more items for this worker; gives those back that it has not begun. */
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
   * The worker is gone: returns what it had begun; on request with the first it had not begun, for
   * one must be to blame when workers die again and again.
   */
  List<SentItem> detach(WorkerProcess gone, boolean blameFirst) {
    Set<Batch<?, ?>> untouched = new LinkedHashSet<>();
    List<SentItem> begun = new ArrayList<>();
    lock.lock();
    try {
      open = false;
      worker = null;
      long firstNotBegun = ClaimWord.number(gone.claims().next());
      if (firstNotBegun > nextNumber && !ranges.isEmpty()) {
        // Nonsense: it claims what it was never sent. It ran one item at a time, so this one.
        firstNotBegun = ranges.getFirst().number() + 1;
      }
      while (arrived != null && !arrived.isEmpty()) {
        begun.add(arrived.takeFirst()); // none, unless the worker has sent nonsense
      }
      for (SentRange range : ranges) {
        while (range.number() < firstNotBegun || (blameFirst && begun.isEmpty())) {
          if (range.isEmpty()) {
            break;
          }
          begun.add(range.takeFirst());
        }
        if (range.release(0, engine)) {
          untouched.add(range.batch());
        }
      }
      ranges.clear();
      inFlight = 0;
    } finally {
      lock.unlock();
    }
    untouched.forEach(engine::putBack);
    releaseHeld();
    return begun;
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

  /** Another worker may have room for what was polled for this one. */
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

  /** Sends work as long as the worker should have more. Returns whether it took any. */
  boolean feed() {
    return feed(false);
  }

  private boolean feed(boolean onFeeder) {
    boolean took = false;
    while (true) {
      if (!beginFeeding(onFeeder)) {
        return took;
      }
      Sender using = sender;
      Sender.Result result = Sender.Result.NOTHING;
      try {
        Batch<?, ?> batch = held;
        held = null;
        if (batch == null) {
          batch = engine.take(batchSize());
        }
        if (batch != null) {
          took = true;
          result = using.send(batch, onFeeder);
          if (result != Sender.Result.SENT) {
            held = batch;
          }
        }
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
          // Who brought work while this thread was feeding has gone away: look once more.
          if (!engine.hasMore()) {
            if (isIdle()) {
              engine.balanceSoon();
            }
            return took;
          }
        }
        case FULL -> {
          if (isIdle()) {
            // Nothing is under way whose end would feed again: the worker has not read yet.
            Engine.later(PATIENCE, () -> feed());
          }
          return took;
        }
        case NEEDS_FEEDER -> {
          return took;
        }
        case WORKER_GONE -> releaseHeld(); // and look again: a new worker may be here already
      }
    }
  }

  /** Lets an idle worker make room for a large array while its bytes are copied here. */
  boolean announce(Object item) {
    if (!isIdle() || !beginFeeding(false)) {
      return false;
    }
    Sender using = sender;
    try {
      using.announce(item);
    } finally {
      endFeeding(using, Sender.Result.NOTHING);
    }
    if (held != null || engine.hasMore()) {
      var _ = feed(); // who came to do it meanwhile has gone away
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

  /** Whether results are being delivered, to callbacks that may wait for a task elsewhere. */
  private boolean isCallbackWaiting() {
    return delivering && engine.workers() > 1;
  }

  @SuppressWarnings("ReferenceEquality") // a sender is equal to itself only
  private void endFeeding(Sender used, Sender.Result result) {
    boolean closed;
    lock.lock();
    try {
      if (sender != used) {
        return; // this thread was abandoned: another may be feeding by now
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
      releaseHeld(); // it was closed meanwhile, and could not be released then
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
          } catch (EncodingGuard.Abandoned e) {
            // Another thread feeds in the place of this one, which is no use any more.
          }
        });
  }

  /**
   * The feeder does not come back from writing an item: the item ends, and another thread feeds
   * from now on. To be called by the timer, which must run no user code itself.
   *
   * @param stack where it was when its time was over; null if it was cancelled
   */
  <R> void replaceFeeder(Batch<?, R> batch, int i, @Nullable List<StackTraceElement> stack) {
    lock.lock();
    try {
      sender = new Sender(sender, this); // and what the other still holds is nobody's any more
      feeding = false;
      feederWanted = true; // it may have been on its way to other work
    } finally {
      lock.unlock();
    }
    startFeeder(() -> {
      try {
        if (batch.hasWaiting()) {
          engine.putBack(batch);
        }
        EncodingGuard.end(batch, i, engine.policy().timeout(), stack);
      } finally {
        feedOnDemand();
      }
    });
  }

  /** The feeder thread's life. */
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
        // Not the time: there is no room, or no worker, or a callback waits. Results, the end of
        // the callback and a new worker feed again.
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
        && (ahead * meanNanos < AHEAD_NANOS
            || (ahead < MIN_AHEAD && !engine.seemsFreeSomewhere()));
  }

  /** The number of items to send at once: by the mean time of this worker's items. */
  private int batchSize() {
    double mean = meanNanos;
    long many = mean == 0 ? 1 : Math.clamp((long) (AHEAD_NANOS / mean), 1, MAX_AHEAD / 2);
    return (int) Math.clamp(numbersLeft(), 1, many);
  }

  // ---- writing to the worker: the sender, and who sends an open row in its place

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
  private boolean mayHaveMore() {
    return open && nextNumber < numberLimit;
  }

  /** Keeps the lock for some items in a row; no user code may run meanwhile. */
  void lock() {
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  /** Releases the lock and shows the worker what was written. */
  void unlockAndFlush(WorkerProcess to) {
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
    var range = new SentRange(batch, i, 1, 0, bytes, file);
    return commit(range, MessageTypes.TASK, to, body.array(), body.size());
  }

  /** Writes several items in a row, as one message; null if it could. */
  Sender.@Nullable Result commit(
      Batch<?, ?> batch, int first, int count, WorkerProcess to, MessageOutput body) {
    return commitRow(batch, first, count, to, body.array(), body.size());
  }

  /** Writes a row from a body that somebody else is still extending, up to {@code size}. */
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
      range.ticket(ClaimWord.ticket(epoch, nextNumber));
      MessageOutput.setLong(body, 0, range.ticket());
      if (!to.requests().tryWrite(type, body, size)) {
        return Sender.Result.FULL;
      }
      ranges.addLast(range);
      nextNumber += range.count();
      count(range.count());
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
    to.showRequests();
  }

  // ---- other threads

  /** Items in flight. This and the next three take no lock: it may change at any moment. */
  int inFlight() {
    return inFlight;
  }

  /** Whether a worker is there. */
  boolean isOpen() {
    return open;
  }

  /** Whether a worker is there and has nothing to do. */
  boolean isIdle() {
    return isOpen() && inFlight() == 0;
  }

  /** Whether items wait behind another. */
  boolean isAhead() {
    return inFlight() > 1;
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

  /** Number of the item that the worker runs now; -1 if none. */
  private long running(WorkerProcess of) {
    lock.lock();
    try {
      SentRange first = ranges.peekFirst();
      return worker == of && first != null && first.number() < ClaimWord.number(of.claims().next())
          ? first.number()
          : -1;
    } finally {
      lock.unlock();
    }
  }

  /** Under lock: what the worker has not begun is not its own any more. */
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
    while (!ranges.isEmpty() && ranges.getLast().end() > nextNumber) {
      SentRange last = ranges.getLast();
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
   * Gives back what the worker has not begun, if it has begun nothing since the last look or will
   * not for long.
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
        meanNanos = Math.max(meanNanos, AHEAD_NANOS); // items take longer than was thought
      }
      claimsSeen = seen;
    } finally {
      lock.unlock();
    }
    back.forEach(engine::putBack);
  }

  /** Cancels the item if it is in flight here, or is being written for the worker. */
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

  /** The worker may be unable to stop the item: then it is killed from here. */
  private void killIfStillRunning(WorkerProcess of, long number) {
    Engine.later(
        engine.policy().grace().plus(WorkerSlot.SECOND_LINE),
        () -> {
          if (running(of) == number && of.runningSince() != 0) {
            of.stuck(new WorkerProcess.Stuck(number, TaskWatchdog.Reason.CANCEL, List.of()));
          }
        });
  }

  void stopAll(String reason) {
    Set<Batch<?, ?>> all = new LinkedHashSet<>();
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
    all.forEach(batch -> batch.stopCall(reason));
  }
}
