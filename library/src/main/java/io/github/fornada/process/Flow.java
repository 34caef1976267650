package io.github.fornada.process;

import io.github.fornada.Batch;
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
 * The items between a pool and one worker: sends ahead as much as the worker needs to stay busy and
 * no more, knows what is outstanding, and takes back what was not begun.
 *
 * <p>Any thread that brings work may send what needs none of the user's code to be encoded; the
 * rest is left to the lane's feeder thread.
 */
final class Flow {
  /** How long an item may hold up the items behind it while another worker idles. */
  static final Duration PATIENCE = Duration.ofMillis(1); // Guess

  /**
   * Work sent ahead, so that the worker need not wait for the next item: about what may pass until
   * this process gets a processor, where tasks keep all of them busy.
   */
  private static final long AHEAD_NANOS = 2_000_000; // Guess

  private static final int MOST_AHEAD = 8192; // Guess

  /**
   * However long items take, the next one lies ready behind the one that runs: on busy processors
   * it may be milliseconds until this process gets its turn to send one. If another worker idles
   * meanwhile, it is taken back.
   */
  private static final int LEAST_AHEAD = 2;

  private static final double QUICK_NANOS = 20_000; // Guess

  private final Engine pool;

  /** Used while feeding. */
  private final Sender sender;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition needsFeeder = lock.newCondition();

  // All guarded by lock.
  private @Nullable WorkerProcess worker;
  private volatile boolean open; // read without the lock too
  private final ArrayDeque<Span> outstanding = new ArrayDeque<>();
  private long epoch;
  private long nextNumber;
  private long numberLimit;
  private boolean feeding;
  private boolean feederWanted;
  private boolean ended;

  /** Items outstanding, also for a look without the lock. Written under lock. */
  private volatile int ahead;

  /**
   * Whether whoever reads results is in the user's code, which may wait. Written by that thread.
   */
  private volatile boolean delivering;

  /** Items whose results are in the ring. Used by the one thread that reads results. */
  private @Nullable Span arrived;

  /** Claims as they were at the last look of the balance. */
  private long claimsSeen = -1;

  /** Mean time of an item lately, in nanoseconds; 0 while unknown. Written by the lane's thread. */
  private volatile double meanNanos;

  /**
   * Polled, but not all of it sent: the ring was full, or it needs the feeder. Set while feeding.
   */
  private volatile @Nullable Batch<?, ?> held;

  Flow(Engine pool, int place) {
    this.pool = pool;
    this.sender = new Sender(pool, place);
  }

  // ---- the lane's thread

  /** From now on items go to this worker, at most so many. */
  void attach(WorkerProcess started, long mostItems) {
    lock.lock();
    try {
      worker = started;
      epoch = 0;
      nextNumber = 0;
      numberLimit = mostItems;
      claimsSeen = -1;
      sender.reset(started);
      open = true;
    } finally {
      lock.unlock();
    }
  }

  /** The outstanding item that a result is for, which must be the first. */
  Sent take(long number) throws CorruptFrameException {
    Span due = due();
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
  Span due() throws CorruptFrameException {
    Span due = arrived;
    if (due == null || due.isEmpty()) {
      due = begun();
      arrived = due;
    }
    return due;
  }

  private Span begun() throws CorruptFrameException {
    lock.lock();
    try {
      Span front = outstanding.peekFirst();
      WorkerProcess current = worker;
      long begun =
          front == null || current == null
              ? 0
              : Claims.number(current.claims().next()) - front.number();
      if (front == null || begun < 1) {
        throw new CorruptFrameException("result of an item, but none is due");
      }
      // What was begun before the item that runs now has its result in the ring already: nobody
      // can cancel it or take it back, so that it is this thread's alone.
      Span taken = front.split(Math.clamp(begun - 1, 1, front.count()));
      if (front.isEmpty()) {
        outstanding.removeFirst();
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

  /** Whether items are under way that are likely to end within microseconds. */
  boolean isBusyWithQuickItems() {
    return ahead > 0 && meanNanos > 0 && meanNanos < QUICK_NANOS;
  }

  /** The outstanding item of this number, if there is one; for the thread that reads results. */
  @Nullable Sent find(long number) {
    Sent found = arrived == null ? null : arrived.find(number);
    if (found != null) {
      return found;
    }
    lock.lock();
    try {
      for (Span span : outstanding) {
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

  /**
   * Outcomes run the user's callbacks, and one may wait for another task: as long as it does, that
   * one must not come here, where nobody would read its result. The end of it feeds again.
   */
  void delivers(boolean now) {
    delivering = now;
  }

  /** So many items in a row took so long. */
  void took(int count, long nanos) {
    double each = Math.max(1, nanos) / (double) count;
    meanNanos = meanNanos == 0 ? each : meanNanos + (each - meanNanos) * count / (count + 7.0);
  }

  /** Items have ended: sends more before the worker runs dry. */
  void feedInTime() {
    if (ahead < LEAST_AHEAD || ahead * meanNanos < AHEAD_NANOS / 2.0) {
      var _ = feed();
      if (isIdle()) {
        pool.balanceSoon(); // for another thread may have been feeding, before this was idle
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
    back.forEach(pool::putBack);
    releaseHeld();
  }

  /**
   * The worker is gone: gives back what it had not begun, and returns what it had; on request with
   * the first it had not begun, for one must be to blame when workers die again and again.
   */
  List<Sent> detach(WorkerProcess gone, boolean blameFirst) {
    List<Sent> begun = new ArrayList<>();
    Set<Batch<?, ?>> untouched = new LinkedHashSet<>();
    lock.lock();
    try {
      open = false;
      worker = null;
      long firstNotBegun = Claims.number(gone.claims().next());
      if (firstNotBegun > nextNumber && !outstanding.isEmpty()) {
        // Nonsense: it claims what it was never sent. It ran one item at a time, so this one.
        firstNotBegun = outstanding.getFirst().number() + 1;
      }
      while (arrived != null && !arrived.isEmpty()) {
        begun.add(arrived.takeFirst()); // none, unless the worker has sent nonsense
      }
      for (Span span : outstanding) {
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
      outstanding.clear();
      ahead = 0;
    } finally {
      lock.unlock();
    }
    untouched.forEach(pool::putBack);
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
      if (!feeding && !open && held != null) {
        batch = held;
        held = null;
      }
    } finally {
      lock.unlock();
    }
    if (batch != null) {
      pool.putBack(batch);
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
      Sender.Result result = Sender.Result.NOTHING;
      try {
        Batch<?, ?> batch = held;
        held = null;
        if (batch == null) {
          batch = pool.take(wanted());
        }
        if (batch != null) {
          took = true;
          result = sender.send(batch, onFeeder, this);
          if (result != Sender.Result.SENT) {
            held = batch;
          }
        }
      } finally {
        endFeeding(result);
      }
      switch (result) {
        case SENT -> {
          if (isAhead()) {
            pool.balanceSoon();
          }
        }
        case NOTHING -> {
          // Whoever brought work while this thread was feeding has gone away: look once more.
          if (!pool.hasMore()) {
            if (isIdle()) {
              pool.balanceSoon();
            }
            return took;
          }
        }
        case FULL -> {
          if (isIdle()) {
            // Nothing is under way whose end would feed again: the worker has yet to read what is
            // there.
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

  private boolean beginFeeding(boolean onFeeder) {
    lock.lock();
    try {
      if (feeding || !open || !hasRoom() || (feederWanted && !onFeeder)) {
        return false;
      }
      if (delivering && pool.workers() > 1) {
        return false;
      }
      feeding = true;
      feederWanted = false;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void endFeeding(Sender.Result result) {
    boolean closed;
    lock.lock();
    try {
      feeding = false;
      closed = !open;
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

  /** The feeder thread's life. */
  void feedOnDemand() {
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
        // Not the time: there is no room, or no worker. Results and a new worker feed again.
        if (feederWanted && (feeding || !open || !hasRoom())) {
          feederWanted = false;
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** Under lock. */
  private boolean hasRoom() {
    int ahead = this.ahead;
    if (ahead == 0 || nextNumber >= numberLimit) {
      return nextNumber < numberLimit;
    }
    return meanNanos > 0
        && ahead < MOST_AHEAD
        && (ahead * meanNanos < AHEAD_NANOS || (ahead < LEAST_AHEAD && !pool.seemsFreeSomewhere()));
  }

  /** How many items at once. */
  private int wanted() {
    double mean = meanNanos;
    long many = mean == 0 ? 1 : Math.clamp((long) (AHEAD_NANOS / mean), 1, MOST_AHEAD / 2);
    lock.lock();
    try {
      return (int) Math.clamp(numberLimit - nextNumber, 1, many);
    } finally {
      lock.unlock();
    }
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
      Batch<?, ?> batch, int i, WorkerProcess to, Output body, int bytes, @Nullable String file) {
    return commit(new Span(batch, i, 1, 0, bytes, file), Wire.TASK, to, body);
  }

  /** As above, for several plain items in a row. */
  Sender.@Nullable Result commit(
      Batch<?, ?> batch, int first, int count, WorkerProcess to, Output body) {
    return commit(new Span(batch, first, count, 0, body.size(), null), Wire.TASKS, to, body);
  }

  private Sender.@Nullable Result commit(Span span, int type, WorkerProcess to, Output body) {
    lock.lock();
    try {
      if (!open || worker != to) {
        return Sender.Result.WORKER_GONE;
      }
      if (numberLimit - nextNumber < span.count()) {
        return Sender.Result.FULL;
      }
      span.ticket(Claims.ticket(epoch, nextNumber));
      body.setLong(0, span.ticket());
      if (!to.requests().tryWrite(type, body.array(), body.size())) {
        return Sender.Result.FULL;
      }
      outstanding.addLast(span);
      nextNumber += span.count();
      count(span.count());
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Writes any other message; false if the ring is full or the worker gone. */
  boolean write(WorkerProcess to, int type, Output body) {
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

  /** Items outstanding. This and the next three take no lock: it may change at any moment. */
  int size() {
    return ahead;
  }

  /** Whether a worker is there. */
  boolean isOpen() {
    return open;
  }

  /** Whether a worker is there and has nothing to do. */
  boolean isIdle() {
    return open && ahead == 0;
  }

  /** Whether items wait behind another. */
  boolean isAhead() {
    return ahead > 1;
  }

  /** Number of the item that the worker runs now; -1 if none. */
  long running(WorkerProcess of) {
    lock.lock();
    try {
      Span first = outstanding.peekFirst();
      return worker == of && first != null && first.number() < Claims.number(of.claims().next())
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

  /**
   * Gives back what the worker has not begun, if it has begun nothing since the last look or will
   * not for long.
   */
  void shedLoad() {
    Set<Batch<?, ?>> back = Set.of();
    lock.lock();
    try {
      WorkerProcess current = worker;
      if (!open || current == null || ahead < 2) {
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
    back.forEach(pool::putBack);
  }

  /** Under lock: what the worker has not begun is not its own any more. */
  private Set<Batch<?, ?>> takeBack() {
    Set<Batch<?, ?>> back = new LinkedHashSet<>();
    WorkerProcess current = worker;
    if (current == null || outstanding.isEmpty()) {
      return back;
    }
    long taken = current.claims().takeBack();
    if (Claims.number(taken) > nextNumber) {
      current.note("it claims item number " + Claims.number(taken) + ", which it was never sent");
      current.kill();
      return back;
    }
    epoch = Claims.epoch(taken);
    nextNumber = Claims.number(taken);
    while (!outstanding.isEmpty() && outstanding.getLast().end() > nextNumber) {
      Span last = outstanding.getLast();
      int kept = (int) Math.max(0, nextNumber - last.number());
      count(kept - last.count());
      if (last.release(kept, pool)) {
        back.add(last.batch());
      }
      if (last.isEmpty()) {
        outstanding.removeLast();
      }
    }
    return back;
  }

  /** Whether the item is with this worker, which then is told. */
  boolean cancel(Batch<?, ?> batch, int i) {
    lock.lock();
    try {
      WorkerProcess current = worker;
      for (Span span : outstanding) {
        Sent sent = span.find(batch, i);
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
        pool.policy().grace().plus(Lane.SECOND_LINE),
        () -> {
          if (running(of) == number && of.runningSince() != 0) {
            of.stuck(number, new WorkerProcess.Stuck(Watch.Reason.CANCEL, List.of()));
          }
        });
  }

  void stopAll(String reason) {
    Set<Batch<?, ?>> all = new LinkedHashSet<>();
    lock.lock();
    try {
      outstanding.forEach(span -> all.add(span.batch()));
    } finally {
      lock.unlock();
    }
    Batch<?, ?> waiting = held;
    if (waiting != null) {
      all.add(waiting);
    }
    all.forEach(batch -> batch.stopCall(reason));
  }
}
