package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskPolicy;
import io.github.fornada.jvm.Log;
import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.worker.TaskWatchdog;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A slot for one worker: the supervisor that keeps a worker JVM alive in it, takes its results,
 * replaces it when that is due, and sees to the items of one that has died.
 */
final class WorkerSlot {
  /** How much later than the worker's own watchdog the pool acts. */
  static final Duration SECOND_LINE = Duration.ofSeconds(1);

  private static final Duration SOON = Duration.ofMillis(1);

  /**
   * How many workers may die before they begin what they were sent; then the first item is blamed.
   */
  private static final int MAX_DEATHS_BEFORE_FIRST_ITEM = 3;

  private final Engine engine;
  private final String name;
  private final boolean lasting;
  private final WorkerLife life;
  private final Dispatcher dispatcher;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition demand = lock.newCondition();

  // ABSENT -> SERVING -> ABSENT (it died, or has left); SERVING -> RETIRING -> ABSENT.
  // Written under lock, by the slot's thread; SERVING -> RETIRING by the thread that finds it due.
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

  private final StatsRecorder stats;
  private final ResultReader reader;

  /** Workers in a row that died with items to do and none begun. Slot's thread only. */
  private int deathsBeforeFirstItem;

  /**
   * How often in a row serving a worker has failed, by a fault on this side. Slot's thread only.
   */
  private int failures;

  WorkerSlot(Engine engine, int index) {
    this.engine = engine;
    this.name = "worker-" + (index + 1);
    this.life = engine.options().life();
    this.lasting = life.minWorkers() < 0 || index < life.minWorkers();
    this.dispatcher = new Dispatcher(engine, index);
    this.stats = new StatsRecorder(name);
    this.reader = new ResultReader(this, engine, name, dispatcher, stats);
  }

  void start() {
    var _ = engine.startThread("fornada-" + name, this::live);
    dispatcher.startFeeder();
  }

  Dispatcher dispatcher() {
    return dispatcher;
  }

  // ---- the slot's thread

  private void live() {
    try {
      while (awaitDemand()) {
        long began = System.nanoTime();
        try {
          serve(nextWorker());
          failures = 0;
        } catch (WorkerStartException e) {
          if (e.kind() != WorkerStartException.Kind.CALLED_OFF) {
            pause(engine.workerFailedToStart(e, began));
          }
        } catch (RuntimeException | Error e) {
          Log.get().log(System.Logger.Level.ERROR, name + " failed; it starts anew", e);
          pause(engine.slotFailed(e, ++failures));
        }
      }
    } finally {
      dispatcher.end();
      dismissReplacement();
      engine.awaitedThreadEnded();
    }
  }

  private static void pause(@Nullable Duration time) {
    if (time != null) {
      LockSupport.parkNanos(time.toNanos());
    }
  }

  /**
   * Waits until this slot should have a worker; false if it never should any more.
   *
   * <p>Work that came while a worker was here has asked nobody else. If that worker left without
   * taking it, the queue has it now: so look there, and then for what {@link #demand} wrote. Work
   * that comes after that look finds no worker here, and {@link #demand} writes it.
   */
  private boolean awaitDemand() {
    lock.lock();
    try {
      while (!engine.isEnding()) {
        if (engine.mayStart() && (lasting || demanded || replacement != null || engine.hasMore())) {
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
        engine.dismiss(ready);
      } catch (CompletionException e) {
        // It could not be started beforehand: the usual way tells why.
      }
    }
    return engine.supply().take();
  }

  private void dismissReplacement() {
    lock.lock();
    try {
      if (replacement != null) {
        var _ = replacement.thenAccept(engine::dismiss);
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
    stats.started(started);
    dispatcher.attach(started, life.maxTasks() == 0 ? Long.MAX_VALUE : life.maxTasks());
    engine.workerIsReady();
    if (engine.isEnding()) {
      retire();
    }
    watchFromOutside(started);
    leaveWhenIdle(started, 0);
    var _ = dispatcher.feed();
    boolean retired = false;
    try {
      retired = reader.read(started);
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
      reader.awaitOthers();
      if (retired) {
        List<SentItem> none = dispatcher.detach(started, false);
        assert none.isEmpty();
        stats.ended(true);
        engine.dismiss(started); // off this slot's path: the next worker can begin
      } else {
        try {
          handleDeath(started, expected);
        } finally {
          started.close();
        }
      }
    }
  }

  /** A thread waits for a task that may be here: see {@link ResultReader#readFor}. */
  boolean readFor(Future<?> task) {
    return reader.readFor(task);
  }

  /** The worker, unless it is on its way out; null if there is none. */
  @Nullable WorkerProcess serving() {
    lock.lock();
    try {
      return state == State.SERVING ? worker : null;
    } finally {
      lock.unlock();
    }
  }

  @Nullable WorkerProcess worker() {
    lock.lock();
    try {
      return worker;
    } finally {
      lock.unlock();
    }
  }

  /** After a result: whether the worker is retiring, and this was the last it had to give. */
  boolean isLastOfRetiring() {
    if (life.maxTasks() > 0) {
      replaceInTime(dispatcher.sent());
    }
    return isRetiring() && dispatcher.isDrained();
  }

  private void replaceInTime(long sent) {
    if (sent >= life.maxTasks() - life.maxTasks() / 4) {
      prepareReplacement();
    }
    if (sent >= life.maxTasks() && dispatcher.isDrained()) {
      retire();
    }
  }

  private void handleDeath(WorkerProcess dead, boolean expected) {
    long now = System.nanoTime();
    boolean hadItems = dispatcher.inFlight() > 0;
    List<SentItem> begun =
        dispatcher.detach(dead, deathsBeforeFirstItem >= MAX_DEATHS_BEFORE_FIRST_ITEM);
    // One that had run items before did not die of what it was sent last.
    boolean ranNone = ClaimWord.number(dead.claims().next()) == 0;
    deathsBeforeFirstItem =
        begun.isEmpty() && hadItems && ranNone && !expected ? deathsBeforeFirstItem + 1 : 0;
    if (!begun.isEmpty()) {
      overdue(dead, begun.getLast(), now);
    }
    int code = dead.end();
    String item = begun.isEmpty() ? null : begun.getFirst().batch().label(begun.getFirst().i());
    DeathCertificate certificate = ExitDiagnosis.certify(dead, code, item);
    stats.ended(expected);
    for (SentItem sent : begun) {
      Outcomes.endLost(sent, certificate, dead, engine);
      sent.forget(engine);
    }
    PayloadFiles.deleteResults(engine.directory(), dead.pid());
    engine.report(TaskEvent.WorkerEnded.of(certificate, expected, System.nanoTime()));
    ProcessEvents.workerEnded(certificate, expected);
    engine.killOffspring(dead, engine.isEnding());
  }

  /**
   * It goes by time whatever a worker dies of: an item that should have been stopped long before is
   * over its timeout.
   */
  private void overdue(WorkerProcess dead, SentItem last, long now) {
    Duration allowed = outsideLimit();
    if (allowed != null && now - dead.startedNanos(now) > allowed.toNanos()) {
      dead.stuck(new WorkerProcess.Stuck(last.number(), TaskWatchdog.Reason.LIMIT, List.of()));
    }
  }

  // ---- other threads

  /** There is work that nobody had room for. */
  void demand() {
    lock.lock();
    try {
      // A worker that is on its way out does not take it; the slot asks when that is gone.
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
    dispatcher.close();
    if (leaving != null && dispatcher.inFlight() == 0) {
      leaving.askToExit(); // wakes the slot's thread by the end of the stream
    }
  }

  /** It exits by itself: no further item is to begin in it, and to be blamed for its end. */
  void isExiting(WorkerProcess leaving) {
    if (serving() == leaving) {
      dispatcher.close();
    }
  }

  void killNow(String why) {
    lock.lock();
    try {
      if (worker != null) {
        worker.kill(why);
      }
    } finally {
      lock.unlock();
    }
  }

  /** What is mapped under this sentinel file is needed no more. */
  void unmap(String sentinel) {
    WorkerProcess current = worker();
    if (current != null) {
      current.unmap(sentinel);
    }
  }

  private void prepareReplacement() {
    lock.lock();
    try {
      if (replacement == null && state == State.SERVING && !engine.isEnding()) {
        replacement = engine.supply().prepare();
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
    boolean serving;
    lock.lock();
    try {
      looked = worker;
      next = replacement;
      if (looked == null) {
        return;
      }
      serving = state == State.SERVING;
    } finally {
      lock.unlock();
    }
    long resident = looked.ownBytes();
    if (resident > life.residentBytes()) {
      looked.overResidentLimit(resident, String.valueOf(life.residentLimit()));
      return;
    }
    if (!serving) {
      return; // it is on its way out, and ends its last items
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
    Engine.later(
        life.idleTimeout(),
        () -> {
          lock.lock();
          try {
            if (worker != watched) {
              return;
            }
          } finally {
            lock.unlock();
          }
          long sent = dispatcher.sent();
          if (sent == sentBefore && dispatcher.isIdle()) {
            retire();
          } else {
            leaveWhenIdle(watched, sent);
          }
        });
  }

  /**
   * The second line behind the worker's own watchdog: a worker that is stopped, or cannot watch
   * itself, is killed when an item runs on after its timeout, the grace and {@link #SECOND_LINE}.
   */
  private void watchFromOutside(WorkerProcess watched) {
    Duration allowed = outsideLimit();
    if (allowed != null) {
      watchFromOutside(watched, allowed, allowed.toNanos());
    }
  }

  private void watchFromOutside(WorkerProcess watched, Duration allowed, long pause) {
    Engine.later(
        Duration.ofNanos(Math.max(pause, SOON.toNanos())),
        () -> {
          if (!watched.isAlive()) {
            return;
          }
          // What the worker itself says that it began and has not ended: results may be unread.
          long started = watched.runningSince();
          long left = allowed.toNanos();
          if (started != 0) {
            left += watched.toOwnClock(started) - System.nanoTime();
          }
          long number = watched.begunLast();
          if (left <= 0 && watched.runningSince() == started) {
            watched.stuck(new WorkerProcess.Stuck(number, TaskWatchdog.Reason.LIMIT, List.of()));
          } else {
            watchFromOutside(watched, allowed, left);
          }
        });
  }

  /** After how long an item is stopped from outside; null for never. */
  private @Nullable Duration outsideLimit() {
    TaskPolicy policy = engine.policy();
    Duration limit = policy.timeout();
    return limit == null ? null : limit.plus(policy.grace()).plus(SECOND_LINE);
  }

  WorkerStats stats() {
    lock.lock();
    try {
      return stats.snapshot(worker, dispatcher.inFlight());
    } finally {
      lock.unlock();
    }
  }
}
