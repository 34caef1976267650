package io.github.fornada.process;

import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.spi.Batch;
import java.time.Duration;
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
final class Dispatcher {
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

  private final InFlightItems outstanding;

  private final int place;

  /** Used while feeding. Written under lock; read by others to find what is being written. */
  private volatile Sender sender;

  /** That of what is outstanding. */
  private final ReentrantLock lock;

  private final Condition needsFeeder;

  // All guarded by lock.
  private boolean feeding;
  private boolean feederWanted;
  private boolean ended;

  /**
   * Whether whoever reads results is in the user's code, which may wait. Written by that thread.
   */
  private volatile boolean delivering;

  /** Claims as they were at the last look of the balance. */
  private long claimsSeen = -1;

  /** Mean time of an item lately, in nanoseconds; 0 while unknown. Written by the lane's thread. */
  private volatile double meanNanos;

  /**
   * Polled, but not all of it sent: the ring was full, or it needs the feeder. Set while feeding.
   */
  private volatile @Nullable Batch<?, ?> held;

  Dispatcher(Engine pool, int place) {
    this.pool = pool;
    this.place = place;
    this.outstanding = new InFlightItems(pool);
    this.lock = outstanding.lock;
    this.needsFeeder = lock.newCondition();
    this.sender = new Sender(pool, this, place, outstanding);
  }

  // ---- the lane's thread

  /** From now on items go to this worker, at most so many. */
  void attach(WorkerProcess started, long mostItems) {
    lock.lock();
    try {
      claimsSeen = -1;
      sender.reset(started);
      outstanding.attach(started, mostItems);
    } finally {
      lock.unlock();
    }
  }

  /** The outstanding item that a result is for, which must be the first. */
  SentItem take(long number) throws CorruptFrameException {
    return outstanding.take(number);
  }

  /** As {@link InFlightItems#due}. */
  SentRange due() throws CorruptFrameException {
    return outstanding.due();
  }

  /** Whether there is no more to wait for; for the thread that reads results. */
  boolean isDrained() {
    return outstanding.isDrained();
  }

  /** Whether items are under way that are likely to end within microseconds. */
  boolean isBusyWithQuickItems() {
    return size() > 0 && meanNanos > 0 && meanNanos < QUICK_NANOS;
  }

  /** Whether results are to be expected within microseconds, the last of which feeds again. */
  boolean willAskSoon() {
    return isOpen() && size() >= LEAST_AHEAD && meanNanos > 0 && meanNanos < QUICK_NANOS;
  }

  /** As {@link InFlightItems#find(long)}. */
  @Nullable SentItem find(long number) {
    return outstanding.find(number);
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
    int ahead = size();
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
      outstanding.shut();
      back = outstanding.takeBack();
    } finally {
      lock.unlock();
    }
    back.forEach(pool::putBack);
    releaseHeld();
  }

  /** As {@link InFlightItems#detach}. */
  List<SentItem> detach(WorkerProcess gone, boolean blameFirst) {
    Set<Batch<?, ?>> untouched = new LinkedHashSet<>();
    List<SentItem> begun = outstanding.detach(gone, blameFirst, untouched);
    for (Batch<?, ?> batch : untouched) {
      pool.putBack(batch);
    }
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
      Sender using = sender;
      Sender.Result result = Sender.Result.NOTHING;
      try {
        Batch<?, ?> batch = held;
        held = null;
        if (batch == null) {
          batch = pool.take(wanted());
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
      if (feeding || !hasRoom() || (feederWanted && !onFeeder)) {
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
    var _ =
        pool.startThread(
            "fornada-feeder-worker-" + (place + 1),
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
   * from now on. To be called by the timer, which must run nothing of the user's itself.
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
          pool.putBack(batch);
        }
        EncodingGuard.end(batch, i, pool.policy().timeout(), stack);
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
        // Not the time: there is no room, or no worker. Results and a new worker feed again.
        if (feederWanted && (feeding || !hasRoom())) {
          feederWanted = false;
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** Under lock. */
  private boolean hasRoom() {
    int ahead = size();
    if (ahead == 0 || !outstanding.mayHaveMore()) {
      return outstanding.mayHaveMore();
    }
    return meanNanos > 0
        && ahead < MOST_AHEAD
        && (ahead * meanNanos < AHEAD_NANOS || (ahead < LEAST_AHEAD && !pool.seemsFreeSomewhere()));
  }

  /** How many items at once. */
  private int wanted() {
    double mean = meanNanos;
    long many = mean == 0 ? 1 : Math.clamp((long) (AHEAD_NANOS / mean), 1, MOST_AHEAD / 2);
    return (int) Math.clamp(outstanding.numbersLeft(), 1, many);
  }

  // ---- other threads

  /** Items outstanding. This and the next three take no lock: it may change at any moment. */
  int size() {
    return outstanding.size();
  }

  /** Whether a worker is there. */
  boolean isOpen() {
    return outstanding.isOpen();
  }

  /** Whether a worker is there and has nothing to do. */
  boolean isIdle() {
    return isOpen() && size() == 0;
  }

  /** Whether items wait behind another. */
  boolean isAhead() {
    return size() > 1;
  }

  /** Items sent to this worker so far. */
  long sent() {
    return outstanding.sent();
  }

  /**
   * Gives back what the worker has not begun, if it has begun nothing since the last look or will
   * not for long.
   */
  void shedLoad() {
    Set<Batch<?, ?>> back = Set.of();
    lock.lock();
    try {
      WorkerProcess current = outstanding.served();
      if (current == null || size() < 2) {
        return;
      }
      long seen = current.claims().next();
      if (seen == claimsSeen || meanNanos > PATIENCE.toNanos()) {
        back = outstanding.takeBack();
        meanNanos = Math.max(meanNanos, AHEAD_NANOS); // items take longer than was thought
      }
      claimsSeen = seen;
    } finally {
      lock.unlock();
    }
    back.forEach(pool::putBack);
  }

  /** As {@link InFlightItems#cancel}; or the item is still being written for the worker. */
  boolean cancel(Batch<?, ?> batch, int i) {
    return outstanding.cancel(batch, i) || sender.encoding().cancel(batch, i);
  }

  void stopAll(String reason) {
    Set<Batch<?, ?>> all = new LinkedHashSet<>();
    outstanding.addBatches(all);
    Batch<?, ?> waiting = held;
    if (waiting != null) {
      all.add(waiting);
    }
    Batch<?, ?> written = sender.encoding().batch();
    if (written != null) {
      all.add(written);
    }
    all.forEach(batch -> batch.stopCall(reason));
  }
}
