package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskPolicy;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Log;
import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.worker.TaskWatchdog;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A slot for one worker: the supervisor that keeps a worker JVM in it alive, reads its results,
 * replaces it when that is due, and ends the items of a worker that has died.
 */
final class WorkerSlot {
  /** How much later than the worker's own watchdog the pool itself enforces a timeout. */
  static final Duration SECOND_LINE = Duration.ofSeconds(1);

  /** A timer that is later than this was held up. */
  private static final long HELD_UP_NANOS = 500_000_000; // Guess

  private static final Duration SOON = Duration.ofMillis(1);

  /**
   * How many workers may die before they begin an item that they were sent; then the first item is
   * blamed.
   */
  private static final int MAX_DEATHS_BEFORE_FIRST_ITEM = 3;

  /** The pause after there was no room in the heap to serve a worker. */
  private static final long SHORTAGE_NANOS = 100_000_000; // Guess

  private final Engine engine;

  /** Its number, from 0. */
  private final int index;

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

  /** The next worker, which starts while this one still works. Guarded by lock. */
  private @Nullable CompletableFuture<WorkerProcess> replacement;

  private final StatsRecorder stats;
  private final GuardedResults guarded;
  private final ResultReader reader;

  /**
   * The number of workers in a row that died with items to run and none begun. Slot's thread only.
   */
  private int deathsBeforeFirstItem;

  /**
   * How often in a row serving a worker has failed because of an error in this process. Slot's
   * thread only.
   */
  private int failures;

  /** When the worker before was there last; 0 if there was none. Slot's thread only. */
  private long leftAt;

  WorkerSlot(Engine engine, int index) {
    this.engine = engine;
    this.index = index;
    this.name = "worker-" + (index + 1);
    this.life = engine.options().life();
    this.lasting = life.minWorkers() < 0 || index < life.minWorkers();
    this.dispatcher = new Dispatcher(engine, index);
    this.stats = new StatsRecorder(name);
    this.guarded = new GuardedResults(engine);
    this.reader = new ResultReader(this, engine, name, dispatcher, stats, guarded);
  }

  void start() {
    var _ = engine.startThread("fornada-" + name, this::live);
    dispatcher.startFeeder();
  }

  Dispatcher dispatcher() {
    return dispatcher;
  }

  /** Cancels the item if it is with this slot; returns whether it is. */
  boolean cancel(Batch<?, ?> batch, int i, String reason) {
    return dispatcher.cancel(batch, i) || guarded.cancel(batch, i, reason);
  }

  /** Stops the calls of all items that are with this slot. */
  void stopAll(String reason) {
    Set<Batch<?, ?>> all = new LinkedHashSet<>();
    dispatcher.addBatches(all);
    guarded.addBatches(all);
    all.forEach(batch -> batch.stopCall(reason));
  }

  // ---- the slot's thread

  private void live() {
    try {
      while (!livesToTheEnd()) {
        LockSupport.parkNanos(SHORTAGE_NANOS); // it says nothing of the workers
      }
    } finally {
      dispatcher.end();
      dismissReplacement();
      engine.awaitedThreadEnded();
    }
  }

  /** Serves one worker after the other. Returns false where the heap had no room for that. */
  private boolean livesToTheEnd() {
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
          if (e instanceof OutOfMemoryError lack && HeapShortage.isOfHeap(lack)) {
            return false;
          }
          Log.get().log(System.Logger.Level.ERROR, name + " failed; it starts anew", e);
          pause(engine.slotFailed(e, ++failures));
        }
      }
      return true;
    } catch (OutOfMemoryError e) {
      if (!HeapShortage.isOfHeap(e)) {
        throw e;
      }
      return false;
    }
  }

  private static void pause(@Nullable Duration time) {
    if (time != null) {
      LockSupport.parkNanos(time.toNanos());
    }
  }

  /**
   * Waits until this slot should have a worker; returns false if it never should again.
   *
   * <p>Work that was queued while this slot had a worker did not call another slot. If that worker
   * left without taking it, the work is in the queue now, so the queue is checked in addition to
   * the flag that {@link #demand} sets. Work that is queued after this check finds no worker here,
   * and {@link #demand} sets the flag.
   */
  private boolean awaitDemand() {
    lock.lock();
    try {
      while (!engine.isEnding()) {
        if (engine.mayStart()
            && (lasting || demanded || replacement != null || engine.hasMore(index))) {
          demanded = false;
          return true;
        }
        demand.awaitUninterruptibly();
        if (leftAt != 0) {
          leftAt = System.nanoTime(); // until now nobody wanted a worker here
        }
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
        // It could not be started in advance; a start now will report why.
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
      demanded = false; // it is there: else another would come after it for nothing
    } finally {
      lock.unlock();
    }
    boolean retired = false;
    try {
      begin(started);
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
      leftAt = System.nanoTime();
      reader.awaitOthers();
      if (retired) {
        List<SentItem> none = dispatcher.detach(started, false);
        assert none.isEmpty();
        stats.ended(true);
        engine.dismiss(started); // on another thread, so that the next worker can begin
      } else {
        try {
          handleDeath(started, expected);
        } finally {
          started.close();
        }
      }
    }
  }

  private void begin(WorkerProcess started) {
    stats.started(started.startupNanos());
    long ready = System.nanoTime();
    dispatcher.attach(started, life.maxTasks() == 0 ? Long.MAX_VALUE : life.maxTasks());
    engine.workerIsReady();
    if (engine.isEnding()) {
      retire();
    }
    watchFromOutside(started);
    leaveWhenIdle(started, 0);
    dispatcher.feedSurely();
    if (leftAt != 0) {
      reader.restarted(leftAt, ready, dispatcher.inFlight() > 0);
    }
  }

  /**
   * Called by a thread that waits for a task that may be with this worker: see {@link
   * ResultReader#readFor}.
   */
  boolean readFor(Future<?> task) {
    return reader.readFor(task);
  }

  /** Returns the worker, unless it is retiring; null if there is none. */
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

  /** Called after a result: returns whether the worker is retiring and this was its last result. */
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
    // A worker that had run items before did not die because of the items it was sent last.
    boolean ranNone = ClaimWord.number(dead.claims().next()) == 0;
    deathsBeforeFirstItem =
        begun.isEmpty() && hadItems && ranNone && !expected ? deathsBeforeFirstItem + 1 : 0;
    try {
      if (!begun.isEmpty()) {
        overdue(dead, begun.getLast(), now);
        long began = dead.startedNanos(now);
        reader.tellOfRestart(begun.getLast().batch(), began);
        if (dead.stuck(begun.getLast().number()) == null) {
          leftAt = began; // what it did since then is lost, and counts nowhere else
        }
      } else {
        leftAt = reader.untoldRestart(leftAt);
      }
      tellOfDeath(dead, begun, expected);
    } catch (OutOfMemoryError e) {
      for (SentItem sent : begun) {
        sent.batch().fail(sent.i(), e, dead.name());
      }
      if (HeapShortage.isOfHeap(e)) {
        letGo(dead);
      }
      throw e;
    } catch (RuntimeException | Error e) { // such as no file that can be opened for a class
      begun.forEach(sent -> sent.batch().endForGood(sent.i(), new Outcome.Failed<>(e)));
      throw e;
    }
  }

  /** Frees what a dead worker holds, as soon as there is memory for that. */
  private void letGo(WorkerProcess dead) {
    while (true) {
      try {
        DeathCertificate death = ExitDiagnosis.certify(dead, dead.end());
        var _ = engine.space().workerIsGone(dead.number(), death, false);
        engine.killLeftBehind(dead, engine.isEnding());
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  /** Ends the items that a dead worker had begun, and what it had shared. */
  private void tellOfDeath(WorkerProcess dead, List<SentItem> begun, boolean expected) {
    int code = dead.end();
    DeathCertificate death = ExitDiagnosis.certify(dead, code);
    if (!begun.isEmpty()) {
      SentItem first = begun.getFirst();
      death =
          engine
              .quarantine()
              .certify(
                  death,
                  first.batch(),
                  first.i(),
                  dead.stuck(first.number()) == null); // else its outcome is no death
    }
    // Before anybody is told of the death: who then looks finds nothing held by the dead.
    DeathCertificate certificate =
        engine.space().workerIsGone(dead.number(), death, expected && code == 0 && begun.isEmpty());
    stats.ended(expected);
    for (SentItem sent : begun) {
      Outcomes.endLost(sent, certificate, dead, engine);
      sent.forget(engine);
    }
    PayloadFiles.deleteResults(engine.directory(), dead.pid());
    engine.report(TaskEvent.WorkerEnded.of(certificate, expected, System.nanoTime()));
    ProcessEvents.workerEnded(certificate, expected);
    engine.killLeftBehind(dead, engine.isEnding());
  }

  /**
   * Marks the item as over its timeout if it should have been stopped long before the worker died,
   * whatever the worker died of.
   */
  private void overdue(WorkerProcess dead, SentItem last, long now) {
    Duration allowed = outsideLimit();
    if (allowed != null && now - dead.startedNanos(now) > allowed.toNanos()) {
      dead.killForStuck(
          new WorkerProcess.Stuck(last.number(), TaskWatchdog.Reason.LIMIT, List.of()));
    }
  }

  // ---- other threads

  /** Called when there is work that no worker had room for. */
  void demand() {
    lock.lock();
    try {
      // A retiring worker does not take it; the slot checks the queue when that worker is gone.
      if (!lasting && state != State.SERVING) {
        demanded = true;
        demand.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Called when the pool is quiet or broken: this worker must exit, and no other starts. */
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

  /** Makes the worker take no more items, and exit when it has none. */
  private void retire() {
    WorkerProcess leaving;
    lock.lock();
    try {
      if (state != State.SERVING) {
        // the worker is starting, and will be dismissed when it is ready; or it is retiring already
        return;
      }
      state = State.RETIRING;
      leaving = worker;
    } finally {
      lock.unlock();
    }
    dispatcher.close();
    if (leaving != null && dispatcher.inFlight() == 0) {
      leaving.askToExit(); // the end of the stream wakes the slot's thread
    }
  }

  /**
   * Called when the worker exits by itself: no further item may begin in it and be blamed for its
   * end.
   */
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

  /** Tells the worker to unmap what is mapped under this sentinel file. */
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
   * Checks the age and the memory of the worker; called periodically if there are limits on them.
   */
  void monitor() {
    WorkerProcess checked;
    CompletableFuture<WorkerProcess> next;
    boolean serving;
    lock.lock();
    try {
      checked = worker;
      next = replacement;
      if (checked == null) {
        return;
      }
      serving = state == State.SERVING;
    } finally {
      lock.unlock();
    }
    long resident = checked.ownBytes();
    if (resident > life.residentBytes()) {
      checked.overResidentLimit(resident, String.valueOf(life.residentLimit()));
      return;
    }
    if (!serving) {
      return; // the worker is retiring, and ends its last items
    }
    Duration maxAge = life.maxAge();
    boolean due =
        resident > life.residentBytes() / 4 * 3
            || (maxAge != null && checked.ageNanos() > maxAge.toNanos());
    if (due && next == null) {
      prepareReplacement();
    } else if (due && next != null && next.isDone()) {
      retire();
    }
  }

  /** Retires a worker beyond the minimum that has had nothing to do for the idle timeout. */
  private void leaveWhenIdle(WorkerProcess watched, long sentBefore) {
    if (lasting) {
      return;
    }
    watched
        .timers()
        .after(
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
   * Enforces timeouts if the worker's own watchdog does not: a worker that is stopped, or cannot
   * watch itself, is killed when an item still runs after its timeout, the grace and {@link
   * #SECOND_LINE}.
   */
  private void watchFromOutside(WorkerProcess watched) {
    Duration allowed = outsideLimit();
    if (allowed != null) {
      watchFromOutside(watched, allowed, allowed.toNanos());
    }
  }

  private void watchFromOutside(WorkerProcess watched, Duration allowed, long pause) {
    lookAfter(
        watched,
        Duration.ofNanos(Math.max(pause, SOON.toNanos())),
        () -> {
          if (!watched.isAlive()) {
            return;
          }
          // Uses the worker's own claim of what it began and has not ended, because results may be
          // unread.
          long started = watched.runningSince();
          long left = allowed.toNanos();
          if (started != 0) {
            left += watched.toOwnClock(started) - System.nanoTime();
          }
          long number = watched.begunLast();
          if (left <= 0 && watched.runningSince() == started) {
            watched.killForStuck(
                new WorkerProcess.Stuck(number, TaskWatchdog.Reason.LIMIT, List.of()));
          } else {
            watchFromOutside(watched, allowed, left);
          }
        });
  }

  /**
   * Looks after a pause whether a worker is to be killed from outside; {@link #SECOND_LINE} later
   * if this comes so late that this process must have been stopped for a while. The worker may have
   * been stopped with it, and then its own watchdog has to have its time: a kill from outside may
   * meet the item after the one that is meant.
   */
  static void lookAfter(WorkerProcess watched, Duration pause, Runnable look) {
    long due = System.nanoTime() + pause.toNanos();
    watched
        .timers()
        .after(
            pause,
            () -> {
              if (System.nanoTime() - due > HELD_UP_NANOS) {
                watched.timers().after(SECOND_LINE, look);
              } else {
                look.run();
              }
            });
  }

  /** Returns after how long an item is stopped from outside; null for never. */
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
