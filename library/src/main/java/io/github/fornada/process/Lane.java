package io.github.fornada.process;

import io.github.fornada.Batch;
import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskPolicy;
import io.github.fornada.TaskUsage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One place for a worker: keeps a worker JVM alive in it, sends it items, and takes its results.
 *
 * <p>Three threads: the lane's own starts the worker, reads its results and buries it; a feeder
 * encodes items that need the user's code for it; and any thread that brings work may send what
 * needs none.
 */
final class Lane {
  /** How long an item may hold up the items behind it while another worker idles. */
  static final Duration PATIENCE = Duration.ofMillis(1); // Guess

  /** Work sent ahead, so that the worker need not wait for the next item: some round trips. */
  private static final long AHEAD_NANOS = 300_000; // Guess

  private static final int MOST_AHEAD = 512; // Guess

  /** What an orderly exit of a worker may take before it is killed. */
  private static final Duration EXIT_LIMIT = Duration.ofSeconds(2);

  // ABSENT -> READY -> LEAVING -> ABSENT, READY -> ABSENT (it died). Written by the lane's thread,
  // and
  // READY -> LEAVING by whoever ends it, under lock.
  private enum State {
    ABSENT,
    READY,
    LEAVING
  }

  /** An item on its way. */
  record Sent(Batch<?, ?> batch, int i, long number, int bytes) {}

  private final ProcessPool pool;
  private final int place;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition needsFeeder = lock.newCondition();

  // All guarded by lock.
  private State state = State.ABSENT;
  private @Nullable WorkerProcess worker;
  private final ArrayDeque<Sent> outstanding = new ArrayDeque<>();
  private long epoch;
  private long nextNumber;
  private boolean feeding;
  private boolean feederWanted;
  private boolean feederGone;

  /** Mean time of an item lately, in nanoseconds; 0 while unknown. Written by the lane's thread. */
  private volatile double meanNanos;

  /**
   * Polled, but not all of it sent: the ring was full, or it needs the feeder. Used while feeding.
   */
  private volatile @Nullable Batch<?, ?> held;

  /** Used while feeding. */
  private final Sender sender;

  /** Claims as they were at the last look of the balance. Timer thread only. */
  private long claimsSeen = -1;

  Lane(ProcessPool pool, int place) {
    this.pool = pool;
    this.place = place;
    this.sender = new Sender(pool, place);
  }

  void start() {
    var _ = pool.startThread("fornada-worker-" + (place + 1), this::live);
    var _ = pool.startThread("fornada-feeder-" + (place + 1), this::feedOnDemand);
  }

  // ---- the lane's thread

  private void live() {
    try {
      while (!pool.isEnding() && !pool.isBroken()) {
        try {
          WorkerProcess started =
              WorkerProcess.start(pool, "worker-" + (place + 1), pool.nextWorkerNumber());
          serve(started);
        } catch (WorkerStartException e) {
          Duration pause = pool.workerFailedToStart(e);
          if (pause != null) {
            LockSupport.parkNanos(pause.toNanos());
          }
        }
      }
    } finally {
      lock.lock();
      try {
        feederGone = true;
        needsFeeder.signal();
      } finally {
        lock.unlock();
      }
      pool.laneEnded();
    }
  }

  private void serve(WorkerProcess started) {
    lock.lock();
    try {
      worker = started;
      epoch = 0;
      nextNumber = 0;
      sender.reset(started);
      state = pool.isEnding() ? State.LEAVING : State.READY;
    } finally {
      lock.unlock();
    }
    pool.workerIsReady();
    if (pool.isEnding()) {
      started.askToExit(EXIT_LIMIT);
    }
    watchFromOutside(started, -1);
    var _ = feed();
    try {
      read(started);
    } catch (CorruptFrameException e) {
      started.note("it sent a " + e.getMessage());
    } catch (IOException e) {
      started.note("its connection broke: " + e.getMessage());
    } finally {
      bury(started);
    }
  }

  /** Until the end of the stream. */
  private void read(WorkerProcess from) throws IOException {
    RingReader ring = from.results();
    do {
      while (ring.next()) {
        result(from, ring.type(), ring.body());
      }
    } while (from.bell().await(ring));
    while (ring.next()) {
      result(from, ring.type(), ring.body()); // written before it died
    }
  }

  private void result(WorkerProcess from, int type, Input in) throws IOException {
    long number = in.getLong();
    if (type == Wire.STARTED) {
      started(from, number, in.getLong());
      return;
    }
    Sent sent;
    int left;
    lock.lock();
    try {
      sent = outstanding.peekFirst();
      if (sent == null || sent.number() != number) {
        throw new CorruptFrameException("result of item number " + number + ", which was not due");
      }
      outstanding.removeFirst();
      left = outstanding.size();
    } finally {
      lock.unlock();
    }
    try {
      Results.end(sent, type, in, from, pool);
    } finally {
      long nanos = from.lastItemNanos();
      meanNanos = meanNanos == 0 ? nanos : meanNanos + (nanos - meanNanos) / 8;
      if (left * meanNanos < AHEAD_NANOS / 2.0) {
        var _ = feed();
      }
      if (left == 0 && pool.isEnding()) {
        leave();
      }
    }
  }

  private void started(WorkerProcess from, long number, long nanos) {
    Sent sent = null;
    lock.lock();
    try {
      for (Sent candidate : outstanding) {
        if (candidate.number() == number) {
          sent = candidate;
          break;
        }
      }
    } finally {
      lock.unlock();
    }
    if (sent != null) {
      sent.batch().started(sent.i(), from.name(), from.toOwnClock(nanos));
    }
  }

  private void bury(WorkerProcess dead) {
    boolean expected;
    List<Sent> begun = new ArrayList<>();
    Set<Batch<?, ?>> untouched = new LinkedHashSet<>();
    lock.lock();
    try {
      expected = state == State.LEAVING;
      state = State.ABSENT;
      worker = null;
      long firstNotBegun = Claims.number(dead.claims().next());
      for (Sent sent : outstanding) {
        if (sent.number() < firstNotBegun) {
          begun.add(sent);
        } else if (sent.batch().release(sent.i())) {
          untouched.add(sent.batch());
        }
      }
      outstanding.clear();
    } finally {
      lock.unlock();
    }
    int code = dead.end();
    String item = begun.isEmpty() ? null : begun.getFirst().batch().label(begun.getFirst().i());
    DeathCertificate certificate =
        Exits.certify(dead.name(), dead.pid(), code, item, dead.lastOutput());
    for (Sent sent : begun) {
      Results.endLost(sent, certificate, dead, pool);
    }
    untouched.forEach(pool::putBack);
    pool.report(new TaskEvent.WorkerEnded(certificate, expected, System.nanoTime()));
    if (!pool.isEnding()) {
      Offspring.killMarked(pool.launcher().mark(dead.number()));
    }
    releaseHeld();
  }

  private void releaseHeld() {
    if (pool.isEnding()) {
      return;
    }
    // Somebody else may have room for what was polled for this worker.
    Batch<?, ?> batch = null;
    lock.lock();
    try {
      if (!feeding && held != null) {
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

  /**
   * Sends work as long as the worker should have more. What needs the user's code to be encoded is
   * left to the feeder thread. Returns whether this lane took part at all.
   */
  boolean feed() {
    return feed(false);
  }

  private boolean feed(boolean onFeeder) {
    boolean took = false;
    while (true) {
      lock.lock();
      try {
        if (feeding || state != State.READY || !hasRoom() || (feederWanted && !onFeeder)) {
          return took;
        }
        feeding = true;
        feederWanted = false;
      } finally {
        lock.unlock();
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
        lock.lock();
        try {
          feeding = false;
          if (result == Sender.Result.NEEDS_FEEDER) {
            feederWanted = true;
            needsFeeder.signal();
          }
        } finally {
          lock.unlock();
        }
      }
      switch (result) {
        case SENT -> {}
        case NOTHING -> {
          // Whoever brought work while `feeding` was set has gone away: look once more.
          if (!pool.hasMore()) {
            if (isIdle()) {
              pool.balanceSoon();
            }
            return took;
          }
        }
        case FULL, NEEDS_FEEDER -> {
          return took;
        }
        case WORKER_GONE -> {
          releaseHeld();
          return took;
        }
      }
    }
  }

  private void feedOnDemand() {
    while (true) {
      lock.lock();
      try {
        while (!feederWanted && !feederGone) {
          needsFeeder.awaitUninterruptibly();
        }
        if (feederGone) {
          return;
        }
      } finally {
        lock.unlock();
      }
      var _ = feed(true);
      lock.lock();
      try {
        // Not the lane's turn: it has no room, or no worker. Results and a new worker feed it
        // again.
        if (feederWanted && (feeding || state != State.READY || !hasRoom())) {
          feederWanted = false;
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** Under lock. */
  private boolean hasRoom() {
    int ahead = outstanding.size();
    return ahead == 0 || (meanNanos > 0 && ahead < MOST_AHEAD && ahead * meanNanos < AHEAD_NANOS);
  }

  /** How many items at once. */
  private int wanted() {
    double mean = meanNanos;
    return mean == 0 ? 1 : (int) Math.clamp(AHEAD_NANOS / mean, 1, MOST_AHEAD / 2);
  }

  /** Whether the item could be written for the worker; the sender calls this for each. */
  Sender.@Nullable Result commit(Batch<?, ?> batch, int i, Sender.Message message) {
    lock.lock();
    try {
      if (state != State.READY || worker != message.worker()) {
        return Sender.Result.WORKER_GONE;
      }
      long number = nextNumber;
      if (!message.write(Claims.ticket(epoch, number))) {
        return Sender.Result.FULL;
      }
      outstanding.addLast(new Sent(batch, i, number, message.bytes()));
      nextNumber++;
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Writes any other message; false if the ring is full or the worker gone. */
  boolean write(WorkerProcess to, int type, Output body) {
    lock.lock();
    try {
      return worker == to
          && state == State.READY
          && to.requests().tryWrite(type, body.array(), body.size());
    } finally {
      lock.unlock();
    }
  }

  /** Shows the worker what was written. */
  void flush(WorkerProcess to) {
    to.requests().publish();
    try {
      to.bell().ring();
    } catch (IOException e) {
      // It is gone; the lane's thread sees that too.
    }
  }

  // ---- other threads

  boolean isIdle() {
    lock.lock();
    try {
      return state == State.READY && outstanding.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives back what the worker has not begun, if it has begun nothing since the last look. Returns
   * whether another look makes sense.
   */
  boolean shedLoad() {
    Set<Batch<?, ?>> back = new LinkedHashSet<>();
    boolean goOn;
    lock.lock();
    try {
      WorkerProcess current = worker;
      if (state != State.READY || current == null || outstanding.size() < 2) {
        return false;
      }
      long seen = current.claims().next();
      if (seen == claimsSeen) {
        long taken = current.claims().takeBack();
        epoch = Claims.epoch(taken);
        nextNumber = Claims.number(taken);
        while (!outstanding.isEmpty() && outstanding.getLast().number() >= nextNumber) {
          Sent sent = outstanding.removeLast();
          if (sent.batch().release(sent.i())) {
            back.add(sent.batch());
          }
        }
        meanNanos = Math.max(meanNanos, AHEAD_NANOS); // items take longer than was thought
      }
      claimsSeen = seen;
      goOn = outstanding.size() > 1;
    } finally {
      lock.unlock();
    }
    back.forEach(pool::putBack);
    return goOn;
  }

  boolean cancel(Batch<?, ?> batch, int i) {
    lock.lock();
    try {
      WorkerProcess current = worker;
      for (Sent sent : outstanding) {
        if (sent.batch() == batch && sent.i() == i && current != null) {
          current.cancel(sent.number());
          return true;
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  void cancelAll(String reason) {
    Set<Batch<?, ?>> all = new LinkedHashSet<>();
    lock.lock();
    try {
      outstanding.forEach(sent -> all.add(sent.batch()));
    } finally {
      lock.unlock();
    }
    Batch<?, ?> waiting = held;
    if (waiting != null) {
      all.add(waiting);
    }
    all.forEach(batch -> batch.stopCall(reason));
  }

  /** The pool is quiet: this worker is to exit. */
  void end() {
    boolean idle;
    lock.lock();
    try {
      idle = outstanding.isEmpty();
    } finally {
      lock.unlock();
    }
    if (idle) {
      leave();
    }
  }

  private void leave() {
    WorkerProcess leaving;
    lock.lock();
    try {
      if (state != State.READY) {
        return; // starting: it is sent away when it is ready; or it is going already
      }
      state = State.LEAVING;
      leaving = worker;
    } finally {
      lock.unlock();
    }
    if (leaving != null) {
      leaving.askToExit(EXIT_LIMIT);
    }
  }

  void killNow() {
    lock.lock();
    try {
      if (worker != null) {
        worker.kill();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * The second line behind the worker's own watch: a worker that is stopped, or too short of memory
   * to watch itself, is killed when the same item runs long past its limit.
   */
  private void watchFromOutside(WorkerProcess watched, long runningBefore) {
    TaskPolicy policy = pool.policy();
    Duration limit = policy.timeLimit();
    if (limit == null) {
      return;
    }
    ProcessPool.later(
        limit.plus(policy.grace()).plusSeconds(1),
        () -> {
          long running = -1;
          lock.lock();
          try {
            if (worker != watched) {
              return;
            }
            long next = Claims.number(watched.claims().next());
            if (!outstanding.isEmpty() && outstanding.getFirst().number() < next) {
              running = outstanding.getFirst().number();
            }
          } finally {
            lock.unlock();
          }
          if (running >= 0 && running == runningBefore) {
            watched.stuck(running, new Stuck(Watch.Reason.LIMIT, List.of()));
          } else {
            watchFromOutside(watched, running);
          }
        });
  }

  /** An item that did not listen, and why it was interrupted. */
  record Stuck(Watch.Reason reason, List<StackTraceElement> stack) {}

  /** For the results: what an attempt used. */
  static @Nullable TaskUsage usage(
      ProcessPool pool, WorkerProcess from, Sent sent, Input times, int bytesOut)
      throws IOException {
    long began = times.getLong();
    long ended = times.getLong();
    long cpu = times.getLong();
    long allocated = times.getLong();
    from.itemTook(ended - began);
    return pool.isObserved()
        ? new TaskUsage(
            from.name(),
            from.toOwnClock(began),
            from.toOwnClock(ended),
            cpu,
            allocated,
            sent.bytes(),
            bytesOut)
        : null;
  }

  /** What an item whose worker is gone ends as. */
  static <R> Outcome<R> lost(
      DeathCertificate certificate, @Nullable Stuck stuck, TaskPolicy policy, int attempt) {
    Duration limit = policy.timeLimit();
    if (stuck != null && stuck.reason() == Watch.Reason.CANCEL) {
      return new Outcome.Cancelled<>("it was stopped with its worker");
    }
    if (stuck != null && limit != null) {
      return new Outcome.TimedOut<>(limit, stuck.stack());
    }
    return new Outcome.WorkerLost<>(Exits.message(certificate, attempt - 1), certificate);
  }
}
