package io.github.fornada.process;

import io.github.fornada.Batch;
import io.github.fornada.DeathCertificate;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One place for a worker: the supervisor that keeps a worker JVM alive in it, takes its results,
 * replaces it when it is due, and buries it.
 */
final class Lane {
  /** What an orderly exit of a worker may take before it is killed. */
  static final Duration EXIT_LIMIT = Duration.ofSeconds(2);

  /** How long a waiting thread reads at most: some round trips. */
  private static final long READING_NANOS = 50_000; // Guess

  private static final int SPINS_PER_LOOK = 64;

  /** Results passed on at once. */
  private static final int MOST_VALUES = 256; // Guess

  /** How much later than the worker's own watch the pool acts. */
  static final Duration SECOND_LINE = Duration.ofSeconds(1);

  /**
   * So many workers may die before they begin what they were sent; then the first item is to blame.
   */
  private static final int MOST_FRUITLESS = 3;

  private final ProcessPool pool;
  private final String name;
  private final boolean lasting;
  private final WorkerLife life;
  private final Flow flow;

  private final ReentrantLock lock = new ReentrantLock();

  /** Who reads results: the lane's thread, or for a moment one that waits for one. Before lock. */
  private final ReentrantLock reading = new ReentrantLock();

  private final Condition demand = lock.newCondition();

  // ABSENT -> SERVING -> ABSENT (it died, or has left); SERVING -> RETIRING -> ABSENT. Written
  // under
  // lock, by the lane's thread, and SERVING -> RETIRING by whoever finds that it is due.
  private enum State {
    ABSENT,
    SERVING,
    RETIRING
  }

  private State state = State.ABSENT; // guarded by lock
  private boolean demanded; // guarded by lock
  private @Nullable WorkerProcess worker; // guarded by lock

  /** The next worker, being started while this one still works. Guarded by lock. */
  private @Nullable CompletableFuture<WorkerProcess> replacement;

  private final Insight insight;

  /** Results about to be passed on; empty between. Used by who reads results. */
  private final @Nullable Object[] values = new @Nullable Object[MOST_VALUES];

  /** Workers in a row that died with items to do and none begun. Lane's thread only. */
  private int fruitless;

  Lane(ProcessPool pool, int place) {
    this.pool = pool;
    this.name = "worker-" + (place + 1);
    this.life = pool.options().life();
    this.lasting = life.minWorkers() < 0 || place < life.minWorkers();
    this.flow = new Flow(pool, place);
    this.insight = new Insight(name);
  }

  void start() {
    var _ = pool.startThread("fornada-" + name, this::live);
    var _ = pool.startThread("fornada-feeder-" + name, flow::feedOnDemand);
  }

  Flow flow() {
    return flow;
  }

  // ---- the lane's thread

  private void live() {
    try {
      while (awaitDemand()) {
        long began = System.nanoTime();
        try {
          serve(nextWorker());
        } catch (WorkerStartException e) {
          Duration pause = pool.workerFailedToStart(e, began);
          if (pause != null) {
            LockSupport.parkNanos(pause.toNanos());
          }
        } catch (RuntimeException | Error e) {
          Log.get().log(System.Logger.Level.ERROR, name + " failed; it starts anew", e);
        }
      }
    } finally {
      flow.end();
      dismissReplacement();
      pool.laneEnded();
    }
  }

  /** Waits until this lane should have a worker; false if it never should any more. */
  private boolean awaitDemand() {
    lock.lock();
    try {
      while (!pool.isEnding()) {
        if (!pool.isBroken() && (lasting || demanded || replacement != null)) {
          demanded = false;
          return true;
        }
        demand.awaitUninterruptibly();
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  private WorkerProcess nextWorker() {
    CompletableFuture<WorkerProcess> prepared;
    lock.lock();
    try {
      prepared = replacement;
      replacement = null;
    } finally {
      lock.unlock();
    }
    if (prepared != null) {
      try {
        WorkerProcess ready = prepared.join();
        if (ready.isAlive()) {
          return ready;
        }
        pool.dismiss(ready);
      } catch (CompletionException e) {
        // It could not be started beforehand: the usual way tells why.
      }
    }
    return pool.supply().take();
  }

  private void dismissReplacement() {
    lock.lock();
    try {
      if (replacement != null) {
        var _ = replacement.thenAccept(pool::dismiss);
        replacement = null;
      }
    } finally {
      lock.unlock();
    }
  }

  private void serve(WorkerProcess started) {
    started.adopt(name);
    lock.lock();
    try {
      worker = started;
      state = State.SERVING;
    } finally {
      lock.unlock();
    }
    insight.started(started);
    flow.attach(started, life.maxTasks() == 0 ? Long.MAX_VALUE : life.maxTasks());
    pool.workerIsReady();
    if (pool.isEnding()) {
      retire();
    }
    watchFromOutside(started, 0);
    leaveWhenIdle(started, 0);
    var _ = flow.feed();
    boolean retired = false;
    try {
      retired = read(started);
    } catch (CorruptFrameException e) {
      started.note("it sent a " + e.getMessage());
    } catch (IOException e) {
      started.note("its connection broke: " + e.getMessage());
    } finally {
      boolean expected;
      lock.lock();
      try {
        expected = state == State.RETIRING;
        state = State.ABSENT;
        worker = null;
      } finally {
        lock.unlock();
      }
      if (retired) {
        List<Sent> none = flow.detach(started, false);
        assert none.isEmpty();
        insight.ended(true);
        pool.dismiss(started); // off this lane's path: the next worker can begin
      } else {
        bury(started, expected);
      }
    }
  }

  /** Until the end of the stream: false; or until a retiring worker has no more to do: true. */
  private boolean read(WorkerProcess from) throws IOException {
    do {
      if (readAll(from)) {
        return true;
      }
    } while (from.bell().await(from.results()));
    var _ = readAll(from); // written before it died
    return false;
  }

  private boolean readAll(WorkerProcess from) throws IOException {
    RingReader ring = from.results();
    reading.lock();
    try {
      while (ring.next()) {
        boolean isLast =
            Wire.isValue(ring.type())
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
   * Ends items in a row with their bare results, beginning with the message just read; what a lane
   * does for every item it does once for all of them. Returns as message does.
   */
  private boolean values(WorkerProcess from, RingReader ring) throws IOException {
    Span due = flow.due();
    if (Wire.value(due.number()) != ring.type()) {
      throw new CorruptFrameException("result instead of that of item " + due.number());
    }
    Batch<?, ?> batch = due.batch();
    int first = due.first();
    int most = Math.min(due.count(), values.length);
    ClassLoader loader = from.loaderOf(batch);
    from.endOfItem(null);
    int n = 0;
    Throwable unreadable = null;
    flow.delivers(true);
    try {
      do {
        due.skip(1);
        try {
          values[n] = Payloads.decode(ring.body(), loader, from.coder());
          n++;
        } catch (CorruptFrameException e) {
          Results.endUnreadable(batch, first + n, e);
          throw e;
        } catch (Throwable e) { // whatever the user's readObject or constructor throws
          unreadable = e;
        }
      } while (n < most && unreadable == null && ring.nextIs(Wire.value(due.number())));
    } finally {
      try {
        batch.done(first, values, n);
        if (unreadable != null) {
          Results.endUnreadable(batch, first + n, unreadable);
        }
      } catch (RuntimeException | Error e) {
        Log.get().log(System.Logger.Level.WARNING, "a callback failed after an item of " + name, e);
      }
      Arrays.fill(values, 0, n, null);
      delivered(n);
    }
    return isLastOfRetiring();
  }

  /**
   * Lets a thread that waits for a task read this worker's results for a moment, if the task may be
   * here and is likely to end in that moment. Returns whether the task has ended.
   */
  boolean readFor(Future<?> task) {
    // A callback that waits runs while results are read: it must not read on in their midst.
    if (!flow.isBusyWithQuickItems() || reading.isHeldByCurrentThread() || !reading.tryLock()) {
      return task.isDone();
    }
    try {
      WorkerProcess from;
      lock.lock();
      try {
        from = state == State.SERVING ? worker : null;
      } finally {
        lock.unlock();
      }
      if (from == null) {
        return false;
      }
      from.bell().pause();
      try {
        long deadline = System.nanoTime() + READING_NANOS;
        do {
          for (int i = 0; i < SPINS_PER_LOOK && !task.isDone(); i++) {
            if (!from.results().isReady()) {
              Thread.onSpinWait();
            } else if (readAll(from)) {
              from.askToExit(EXIT_LIMIT); // it is retiring: the lane's thread sees its end
              return task.isDone();
            }
          }
        } while (!task.isDone() && System.nanoTime() < deadline);
      } finally {
        while (from.bell().resume(from.results()) && !readAll(from)) {
          from.bell().pause();
        }
      }
    } catch (IOException e) {
      WorkerProcess broken = worker(); // out of order: its end tells the lane's thread
      if (broken != null) {
        broken.note("it sent a " + e.getMessage());
        broken.kill();
      }
    } finally {
      reading.unlock();
    }
    return task.isDone();
  }

  private @Nullable WorkerProcess worker() {
    lock.lock();
    try {
      return worker;
    } finally {
      lock.unlock();
    }
  }

  /** Returns true if the worker was retiring and has nothing more to do. */
  private boolean message(WorkerProcess from, int type, Input in) throws IOException {
    if (type == Wire.OUTPUT) {
      boolean error = in.getByte() != 0;
      long number = in.getLong();
      from.printed(error, flow.find(number), in);
      return false;
    }
    if (type == Wire.STARTED) {
      Sent sent = flow.find(in.getLong());
      if (sent != null) {
        sent.batch().started(sent.i(), name, from.toOwnClock(in.getLong()));
      }
      return false;
    }
    if (type == Wire.SPENT) {
      int count = in.getInt();
      long nanos = in.getLong();
      if (count < 1) {
        throw new CorruptFrameException(count + " items that took " + nanos + " ns");
      }
      spent(count, nanos);
      return false;
    }
    return result(from, type, in);
  }

  private boolean result(WorkerProcess from, int type, Input in) throws IOException {
    Sent sent = flow.take(in.getLong());
    from.endOfItem(sent);
    sent.forget(pool); // before whoever waits for it can send the next: that finds it in the cache
    flow.delivers(true);
    try {
      Results.end(sent, type, in, from, pool);
    } catch (IOException e) {
      // The worker is out of order; this item must not vanish with its message.
      Results.endUnreadable(sent, e);
      throw e;
    } catch (RuntimeException | Error e) {
      // A callback of the user's, or a listener of a future: not this worker's fault.
      Results.endUnreadable(sent, e);
      Log.get().log(System.Logger.Level.WARNING, "a callback failed after an item of " + name, e);
    } finally {
      spent(1, from.lastItemNanos());
      delivered(1);
    }
    return isLastOfRetiring();
  }

  /** So many items in a row took the worker so long. */
  private void spent(int count, long nanos) {
    insight.worked(nanos);
    flow.took(count, nanos);
  }

  /** So many results are where they belong, and what waited for them has run. */
  private void delivered(int count) {
    flow.delivers(false);
    var _ = Thread.interrupted(); // a callback's own business, over with it
    insight.ran(count);
    flow.feedInTime();
  }

  private boolean isLastOfRetiring() {
    if (life.maxTasks() > 0) {
      replaceInTime(flow.sent());
    }
    return isRetiring() && flow.isDrained();
  }

  private void replaceInTime(long sent) {
    if (sent >= life.maxTasks() - life.maxTasks() / 4) {
      prepareReplacement();
    }
    if (sent >= life.maxTasks() && flow.isDrained()) {
      retire();
    }
  }

  private void bury(WorkerProcess dead, boolean expected) {
    boolean hadItems = flow.size() > 0;
    List<Sent> begun = flow.detach(dead, fruitless >= MOST_FRUITLESS);
    // One that had run items before did not die of what it was sent last.
    boolean ranNone = Claims.number(dead.claims().next()) == 0;
    fruitless = begun.isEmpty() && hadItems && ranNone && !expected ? fruitless + 1 : 0;
    int code = dead.end();
    String item = begun.isEmpty() ? null : begun.getFirst().batch().label(begun.getFirst().i());
    DeathCertificate certificate = Exits.certify(dead, code, item);
    insight.ended(expected);
    for (Sent sent : begun) {
      Results.endLost(sent, certificate, dead, pool);
      sent.forget(pool);
    }
    Spill.deleteResults(pool.directory(), dead.pid());
    pool.report(new TaskEvent.WorkerEnded(certificate, expected, System.nanoTime()));
    ProcessEvents.workerEnded(certificate, expected);
    if (!pool.isEnding()) {
      Offspring.killMarked(pool.launcher().mark(dead.number()));
    }
  }

  // ---- other threads

  /** There is work that nobody had room for. */
  void demand() {
    lock.lock();
    try {
      // A worker that is on its way out does not take it; the lane asks when that is gone.
      if (!lasting && state != State.SERVING) {
        demanded = true;
        demand.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The pool is quiet or broken: this worker is to exit, and no other is to come. */
  void end() {
    lock.lock();
    try {
      demand.signal();
    } finally {
      lock.unlock();
    }
    retire();
  }

  private boolean isRetiring() {
    lock.lock();
    try {
      return state == State.RETIRING;
    } finally {
      lock.unlock();
    }
  }

  /** The worker takes no more items and exits when it has none. */
  private void retire() {
    WorkerProcess leaving;
    lock.lock();
    try {
      if (state != State.SERVING) {
        return; // starting: it is sent away when it is ready; or it is going already
      }
      state = State.RETIRING;
      leaving = worker;
    } finally {
      lock.unlock();
    }
    flow.close();
    if (leaving != null && flow.size() == 0) {
      leaving.askToExit(EXIT_LIMIT); // wakes the lane's thread by the end of the stream
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

  /** What is mapped under this mark is needed no more. */
  void unmap(String mark) {
    WorkerProcess current = worker();
    if (current != null) {
      current.unmap(mark);
    }
  }

  private void prepareReplacement() {
    lock.lock();
    try {
      if (replacement == null && state == State.SERVING && !pool.isEnding()) {
        replacement = pool.supply().prepare();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Looks at the age and the memory of the worker; called every now and then if there are bounds.
   */
  void monitor() {
    WorkerProcess looked;
    CompletableFuture<WorkerProcess> next;
    lock.lock();
    try {
      looked = worker;
      next = replacement;
      if (looked == null || state != State.SERVING) {
        return;
      }
    } finally {
      lock.unlock();
    }
    long resident = looked.ownBytes();
    if (resident > life.residentBytes()) {
      looked.overResidentLimit(resident, String.valueOf(life.residentLimit()));
      return;
    }
    Duration maxAge = life.maxAge();
    boolean due =
        resident > life.residentBytes() / 4 * 3
            || (maxAge != null && looked.ageNanos() > maxAge.toNanos());
    if (due && next == null) {
      prepareReplacement();
    } else if (due && next != null && next.isDone()) {
      retire();
    }
  }

  /** A worker beyond the lasting ones leaves when it has had nothing to do for a while. */
  private void leaveWhenIdle(WorkerProcess watched, long sentBefore) {
    if (lasting) {
      return;
    }
    ProcessPool.later(
        life.idleLimit(),
        () -> {
          lock.lock();
          try {
            if (worker != watched) {
              return;
            }
          } finally {
            lock.unlock();
          }
          long sent = flow.sent();
          if (sent == sentBefore && flow.isIdle()) {
            retire();
          } else {
            leaveWhenIdle(watched, sent);
          }
        });
  }

  /**
   * The second line behind the worker's own watch: a worker that is stopped, or too short of memory
   * to watch itself, is killed when the same item runs long past its limit.
   */
  private void watchFromOutside(WorkerProcess watched, long startedBefore) {
    TaskPolicy policy = pool.policy();
    Duration limit = policy.timeLimit();
    if (limit == null || !watched.isAlive()) {
      return;
    }
    ProcessPool.later(
        limit.plus(policy.grace()).plus(SECOND_LINE),
        () -> {
          // The worker's own word: what it began and has not ended. Results may still be unread
          // here.
          long started = watched.runningSince();
          if (started != 0 && started == startedBefore) {
            watched.stuck(
                Claims.number(watched.claims().next()) - 1,
                new WorkerProcess.Stuck(Watch.Reason.LIMIT, List.of()));
          } else {
            watchFromOutside(watched, started);
          }
        });
  }

  WorkerInsight insight() {
    lock.lock();
    try {
      return insight.snapshot(worker, flow.size());
    } finally {
      lock.unlock();
    }
  }
}
