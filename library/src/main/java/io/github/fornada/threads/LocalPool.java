package io.github.fornada.threads;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.PoolOptions;
import io.github.fornada.TaskEvent;
import io.github.fornada.jvm.CallbackThread;
import io.github.fornada.jvm.Callbacks;
import io.github.fornada.jvm.Durations;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.StartedBy;
import io.github.fornada.jvm.Timer;
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.spi.Batch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The common part of the thread pools: workers that are started on demand, poll for batches, and
 * share the rest of batches that take long.
 */
abstract sealed class LocalPool extends AbstractPool
    permits ElasticPool, SequentialPool, ThreadPool, VirtualThreadPool {
  /**
   * A batch that takes longer is late, and other workers may take items of it. Several times the
   * intended duration of a batch.
   */
  private static final Duration LATE = Duration.ofNanos(250_000); // Guess

  /**
   * The maximum number of nested scopes that are followed from a task to the worker that opened the
   * outermost one.
   */
  private static final int DEEPEST_SCOPE = 100; // Guess

  private final PoolOptions options;
  private final ThreadMaker threads;
  private final Duration noThreadLimit;
  private final Map<Thread, Worker> workersByThread = new ConcurrentHashMap<>();

  /** Threads that end items instead of workers whose task ignores interrupts. */
  private final Set<Thread> abandonmentThreads = ConcurrentHashMap.newKeySet();

  /** Batches of several items that workers have, each with the time it was taken. */
  private final Map<Batch<?, ?>, Long> shareable = new ConcurrentHashMap<>();

  /** How long the pool must have made no progress before a spare worker is started. */
  private static final Duration STALL = Duration.ofMillis(50); // Guess

  /** The shortest pause before a spare worker looks again whether all others wait. */
  private static final Duration SHORTEST_LOOK = Duration.ofNanos(50_000); // Guess

  /**
   * How long all others must wait before a spare worker takes an item that no other is known to
   * wait for. A platform thread that was woken reads as waiting until it has a processor.
   */
  private static final Duration SETTLED = Duration.ofMillis(1); // Guess

  /** The pause after no thread could be started. */
  private static final Duration NO_THREAD_PAUSE = Duration.ofMillis(100); // Guess

  static final Duration NO_THREAD_LIMIT = Duration.ofSeconds(10); // Guess

  /** Whether a check for a {@linkplain #checkForStall stall} is due. */
  private final AtomicBoolean stallCheckDue = new AtomicBoolean();

  /**
   * The spare worker that has no item and waits for its next; null for none. One at most, so that
   * no two of them find at the same time that all others wait. Written by it before it looks for
   * work, and after it has taken some; read by those that have queued work. So one of the two sees
   * the other.
   */
  private final AtomicReference<@Nullable Worker> waitingSpare = new AtomicReference<>();

  private final AtomicInteger ranks = new AtomicInteger();

  /** Whether another attempt to start a thread is due. */
  private final AtomicBoolean startDue = new AtomicBoolean();

  /** Made before it is needed: then there may be no memory for it. */
  private final Runnable startAgain = this::startAgain;

  /**
   * When the first of the current series of failed thread starts was; 0 if the last start
   * succeeded.
   */
  private final AtomicLong withoutThread = new AtomicLong();

  /** Whether a check for late batches is due. */
  private final AtomicBoolean lateCheckDue = new AtomicBoolean();

  /** Whether the end of all threads was told. */
  private final AtomicBoolean hasToldOfEnd = new AtomicBoolean();

  private final Roster roster;

  /**
   * A pool without threads yet.
   *
   * @param noThreadLimit how long items wait for a thread if the system cannot create one
   */
  LocalPool(
      ExecutionModel model, PoolOptions options, ThreadMaker threads, Duration noThreadLimit) {
    this(model, options, options.workers(), threads, noThreadLimit);
  }

  /**
   * A pool without threads yet.
   *
   * @param most the maximum number of threads to begin with
   */
  LocalPool(
      ExecutionModel model,
      PoolOptions options,
      int most,
      ThreadMaker threads,
      Duration noThreadLimit) {
    super(model, options.workers(), options.policy());
    this.options = options;
    this.threads = threads;
    this.noThreadLimit = noThreadLimit;
    this.roster = new Roster(most, keepsIdleThreads(), () -> hasWorkHere() || lateBatch() != null);
  }

  /** Creates threads without starting them. */
  interface ThreadMaker {
    Thread make(Runnable body, String name);
  }

  ThreadMaker threads() {
    return threads;
  }

  /** Returns whether a thread of this pool would probably find work. */
  boolean hasWorkHere() {
    return hasWork();
  }

  /** Takes the next batch for a worker, given the one that it had from here before. */
  @Nullable Batch<?, ?> take(@Nullable Batch<?, ?> last) {
    return poll(0, last);
  }

  /** Called with the result of each item that a worker of this pool has run. Must be quick. */
  void returned(@Nullable Object result) {}

  /** Where the workers of this pool note what they have done; null for nowhere. */
  @Nullable Meter meter() {
    return null;
  }

  final Roster roster() {
    return roster;
  }

  final Iterable<Worker> workersNow() {
    return workersByThread.values();
  }

  /** Returns whether a thread without work waits for more, rather than ending. */
  abstract boolean keepsIdleThreads();

  @Override
  protected void workAvailable() {
    Roster.Member member = roster.call();
    if (member != null) {
      start(member);
    }
    callWaitingSpare();
  }

  @Override
  protected boolean hasFreeWorker() {
    return roster.isSomebodyFree();
  }

  @Override
  protected boolean limitWorkers(int count) {
    roster.change(count, keepsIdleThreads(), false);
    if (hasWorkHere()) {
      wake();
    }
    return true;
  }

  private void start(Roster.Member member) {
    try {
      String name = options.name() + "-" + (member.number + 1);
      new Worker(this, member, name, ranks.getAndIncrement()).start();
    } catch (RuntimeException | Error e) { // OutOfMemoryError: "unable to create native thread"
      noThread(e, roster.remove(member));
    }
  }

  /**
   * Handles a failed thread start. The call that needed the thread was accepted all the same:
   * existing workers will run its items, or a later attempt starts a thread. If there are no
   * workers, and no thread starts in time, the waiting items end with {@code thrown}.
   */
  private void noThread(Throwable thrown, int workersLeft) {
    try {
      if (tellOrEnd(thrown, workersLeft)) {
        return;
      }
    } catch (OutOfMemoryError e) {
      // No room in the heap to tell of it: what follows needs next to none.
    }
    if (startDue.compareAndSet(false, true)) {
      var _ = after(NO_THREAD_PAUSE, startAgain);
    }
  }

  private void startAgain() {
    startDue.set(false);
    if (hasWorkHere()) {
      wake();
    } else {
      withoutThread.set(0);
    }
  }

  /** Logs it; ends what waits, and returns true, if there was no thread for too long. */
  private boolean tellOrEnd(Throwable thrown, int workersLeft) {
    OwnThreads.noThread(thrown);
    long now = System.nanoTime() | 1; // never 0
    if (workersLeft > 0) {
      withoutThread.set(0);
    } else {
      withoutThread.compareAndSet(0, now);
      long since = withoutThread.get();
      if (since != 0 && now - since > noThreadLimit.toNanos()) {
        withoutThread.set(0);
        endAllThatWait(
            new RejectedExecutionException(
                "no thread could be started for "
                    + Durations.inWords(noThreadLimit)
                    + ": "
                    + thrown
                    + ". Look at the limits of the process, such as ulimit -u and the pids limit"
                    + " of its container",
                thrown));
        return true;
      }
    }
    return false;
  }

  private void endAllThatWait(Throwable reason) {
    Runnable end =
        () -> {
          // All are taken before the first ends: what comes afterwards has not waited.
          var waiting = new ArrayList<Batch<?, ?>>();
          for (Batch<?, ?> batch = takeToEnd(); batch != null; batch = takeToEnd()) {
            waiting.add(batch);
          }
          for (Batch<?, ?> batch : waiting) {
            for (int i = batch.claim(); i >= 0; i = batch.claim()) {
              fail(batch, i, reason);
            }
          }
        };
    if (isObserved()) {
      Callbacks.run(null, end); // listeners are user code, and this may be the timer's thread
    } else {
      end.run();
    }
  }

  /** Takes work that only a thread of this pool can run, because there is none; null for none. */
  @Nullable Batch<?, ?> takeToEnd() {
    return poll(64);
  }

  private static <R> void fail(Batch<?, R> batch, int i, Throwable reason) {
    batch.end(i, new Outcome.Failed<>(reason), null);
  }

  /** Returns the next batch for {@code worker}; null if the worker should end. */
  final @Nullable Batch<?, ?> next(Worker worker) {
    if (worker.member().spare) {
      return nextForSpare(worker);
    }
    while (true) {
      if (roster.mustLeave(worker.member())) {
        handBackLast(worker);
        return null;
      }
      Batch<?, ?> batch = pollAgain(worker);
      worker.polled = batch;
      boolean late = batch == null;
      if (batch == null) {
        batch = lateBatch();
      } else if (batch.size() > 1) {
        share(batch);
      }
      if (batch != null) {
        worker.takes(batch);
        boolean searched = roster.found(worker.member());
        if (late ? batch.hasWaiting() : searched && seemsToHaveWork()) {
          wake();
        }
        return batch;
      }
      if (!roster.awaitCall(worker.member())) {
        return null;
      }
    }
  }

  /** A method of its own for the same reason as {@link Worker#runNext}. */
  private @Nullable Batch<?, ?> pollAgain(Worker worker) {
    Batch<?, ?> last = worker.polled;
    worker.polled = null;
    return take(last);
  }

  private void handBackLast(Worker worker) {
    Batch<?, ?> last = worker.polled;
    worker.polled = null;
    if (last != null) {
      letGo(last);
    }
  }

  /** Called when a worker has come to the end of a batch. */
  final void finished(Batch<?, ?> batch) {
    if (batch.size() > 1) {
      shareable.remove(batch);
    }
  }

  // ---- batches that take longer than expected

  /**
   * Returns a late batch of another worker that has items waiting behind a long one; null if there
   * is none. Batches are sized for 50 us, so a batch that is not late will soon be done anyway.
   */
  private @Nullable Batch<?, ?> lateBatch() {
    boolean others = false;
    for (var entry : shareable.entrySet()) {
      if (entry.getKey().hasWaiting()) {
        if (System.nanoTime() - entry.getValue() >= LATE.toNanos()) {
          return entry.getKey();
        }
        others = true;
      }
    }
    if (others) {
      checkForLateBatchesLater();
    }
    return null;
  }

  /**
   * Lets other workers take items of this batch. A worker that found nothing to do before the batch
   * was in {@link #shareable} has not scheduled a check for late batches, so this one does. It
   * first adds the batch to {@link #shareable} and then reads whether a worker is free. A worker
   * first marks itself free and then looks for batches. So one of the two sees the other.
   */
  private void share(Batch<?, ?> batch) {
    shareable.put(batch, System.nanoTime());
    if (roster.isSomebodyFree()) {
      checkForLateBatchesLater();
    }
  }

  private void checkForLateBatchesLater() {
    if (lateCheckDue.compareAndSet(false, true)) {
      try {
        var _ = tryLater(LATE, this::checkForLateBatches);
      } catch (OutOfMemoryError e) {
        lateCheckDue.set(false); // who looks for a batch next sees to it
      }
    }
  }

  private void checkForLateBatches() {
    lateCheckDue.set(false);
    if (lateBatch() != null) {
      wake();
    }
  }

  // ---- tasks that wait for their own pool

  /**
   * Returns the worker on whose behalf the calling thread runs: the worker whose thread it is, the
   * worker of the future whose dependent it runs, or the worker that opened the scope whose task it
   * runs.
   */
  @Override
  protected final @Nullable Worker originOfCall() {
    Thread thread = Thread.currentThread();
    Worker worker = workersByThread.get(thread);
    if (worker == null
        && CallbackThread.originOfCurrent() instanceof Worker origin
        && origin.isOf(this)) {
      worker = origin;
    }
    for (int depth = 0;
        worker == null
            && depth < DEEPEST_SCOPE
            && thread.getUncaughtExceptionHandler() instanceof StartedBy home;
        depth++) {
      thread = home.startedBy();
      worker = workersByThread.get(thread);
    }
    if (worker != null) {
      worker.handsOver();
      checkForStallLater();
    }
    return worker;
  }

  @Override
  protected final boolean hasCalledItself() {
    Worker worker = workersByThread.get(Thread.currentThread());
    return worker != null && worker.hasHandedOver();
  }

  private void checkForStallLater() {
    if (stallCheckDue.compareAndSet(false, true)) {
      try {
        long before = progress();
        var _ = tryLater(STALL, () -> checkForStall(before));
      } catch (OutOfMemoryError e) {
        stallCheckDue.set(false); // the next call that a task makes sees to it
      }
    }
  }

  /**
   * Starts a spare worker if items wait while every worker waits in an item that has made a call to
   * this same pool, and the pool has made no progress since {@code before}: those items might wait
   * for each other forever. Checks again as long as there are such items; otherwise it costs
   * nothing.
   */
  private void checkForStall(long before) {
    stallCheckDue.set(false); // before the check: a worker hands over, then schedules a check
    long now = progress();
    if (workersByThread.values().stream().noneMatch(Worker::hasHandedOver)) {
      return;
    }
    if (now == before && allWaitAfterHandOver(null) && hasWorkForSpare()) {
      Roster.Member spare = roster.addSpare();
      if (spare != null) {
        start(spare);
      }
    }
    checkForStallLater();
  }

  private boolean hasWorkForSpare() {
    return keepsOrder() ? hasNestedWork() : hasWorkHere() || lateBatch() != null;
  }

  private long progress() {
    long sum = 0;
    for (Worker worker : workersByThread.values()) {
      sum += worker.progress() + 1;
    }
    return sum;
  }

  private boolean allWaitAfterHandOver(@Nullable Worker but) {
    for (Worker worker : workersByThread.values()) {
      if (worker != but && !worker.isWaitingAfterHandOver()) {
        return false;
      }
    }
    return true;
  }

  private boolean hasHandedOver(Worker but) {
    for (Worker worker : workersByThread.values()) {
      if (worker != but && worker.hasHandedOver()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns a batch of which the spare worker runs one item; null if it should end. It takes one
   * only while all other workers wait. They go on for a moment when what they wait for has come,
   * for example with each result of a stream. So it stays, and looks again, as long as there are
   * items that may begin to wait, and then as long as one stall lasts: otherwise each item would
   * cost a stall.
   */
  private @Nullable Batch<?, ?> nextForSpare(Worker worker) {
    if (!waitingSpare.compareAndSet(null, worker)) {
      return null; // one is enough
    }
    try {
      long since = System.nanoTime();
      long useful = since;
      boolean waited = false;
      while (true) {
        long now = System.nanoTime();
        boolean work = false;
        if (hasHandedOver(worker)) {
          useful = now;
          boolean wait = allWaitAfterHandOver(worker);
          since = wait == waited ? since : now;
          waited = wait;
          work = !roster.isSomebodyFree() && hasWorkForSpare();
          if (work && wait) {
            Batch<?, ?> batch = takeForSpare(worker, now - since >= SETTLED.toNanos());
            if (batch != null) {
              worker.takes(batch);
              return batch;
            }
          }
        } else if (now - useful >= STALL.toNanos() || roster.isEnding()) {
          return null;
        }
        // Those who queue work call it, and nobody tells when a worker begins to wait.
        long pause =
            work
                ? Math.clamp((now - since) / 4, SHORTEST_LOOK.toNanos(), STALL.toNanos())
                : STALL.toNanos();
        var _ = Thread.interrupted(); // left over: with the status set it would not pause
        LockSupport.parkNanos(this, pause);
        long woken = System.nanoTime();
        if (woken - now < pause && !waited) {
          since = woken; // it was called: soon those that called may wait
        }
      }
    } finally {
      waitingSpare.set(null);
    }
  }

  private void callWaitingSpare() {
    Worker spare = waitingSpare.get();
    if (spare != null) {
      LockSupport.unpark(spare.thread());
    }
  }

  /**
   * Takes work for a spare worker. Calls made on behalf of the worker that started last come first,
   * because the others wait for it.
   *
   * @param any whether it may be work that no worker is known to wait for
   */
  @Nullable Batch<?, ?> takeForSpare(Worker worker, boolean any) {
    Batch<?, ?> batch = pollNested(origin -> ((Worker) origin).rank);
    boolean others = any && !keepsOrder();
    if (batch == null && others) {
      batch = poll(1);
    }
    worker.hasPolled = batch != null;
    return batch == null && others ? lateBatch() : batch;
  }

  /** Called when a spare worker has run one item of a batch, and has others left. */
  final void leave(Worker spare, Batch<?, ?> batch) {
    if (spare.hasPolled) {
      giveBack(batch);
    } // else others have it too
  }

  /**
   * Returns whether an item must not begin before earlier items have ended, unless they wait for
   * it.
   */
  boolean keepsOrder() {
    return false;
  }

  // ---- starts and ends of workers

  final void began(Worker worker, Thread thread, long startupNanos) {
    workersByThread.put(thread, worker);
    withoutThread.set(0);
    if (isObserved()) {
      tell(
          TaskEvent.WorkerReady.of(
              worker.name(), ProcessHandle.current().pid(), startupNanos, System.nanoTime()));
    }
  }

  /** Called when a worker's thread has nothing more to do. */
  final void ended(Worker worker, Thread thread) {
    workersByThread.remove(thread);
    if (roster.remove(worker.member()) == 0 && roster.isOver()) {
      tellOfEnd();
    } else if (seemsToHaveWork()) {
      wake();
    }
  }

  /** As {@link #hasWorkHere}; true where there is no memory to look. */
  private boolean seemsToHaveWork() {
    try {
      return hasWorkHere();
    } catch (OutOfMemoryError e) {
      return true;
    }
  }

  /**
   * Leaves behind a worker whose task ignores interrupts; another worker replaces it. Called by the
   * timer. {@code end} calls user code, so it runs on a thread of its own.
   */
  final void abandon(Worker worker, Batch<?, ?> batch, Runnable end) {
    var _ = roster.remove(worker.member());
    // A platform thread: tasks that ignore interrupts may hold every carrier of virtual threads.
    OwnThreads.start(
        worker.name() + "-abandoned",
        () -> {
          abandonmentThreads.add(Thread.currentThread());
          try {
            end.run();
          } finally {
            letGo(batch);
            abandonmentThreads.remove(Thread.currentThread());
          }
        });
    finished(batch);
    if (batch.hasWaiting()) {
      giveBack(batch);
    } else {
      wake();
    }
  }

  /** Called when a worker gives up in the middle of a batch. */
  final void giveUp(Batch<?, ?> batch) {
    finished(batch);
    if (batch.hasWaiting()) {
      giveBack(batch);
    } else {
      letGo(batch);
    }
  }

  @Override
  protected void cancel(Batch<?, ?> batch, int i, String reason) {
    var _ = interrupt(batch, i);
  }

  /** Interrupts the worker that runs the item; returns whether there is one. */
  final boolean interrupt(Batch<?, ?> batch, int i) {
    for (Worker worker : workersByThread.values()) {
      if (worker.interrupt(batch, i)) {
        return true;
      }
    }
    return false;
  }

  @Override
  protected void onQuiet() {
    if (roster.end()) {
      tellOfEnd();
    }
    callWaitingSpare();
  }

  /**
   * A worker that has left, or was left behind, no longer counts, and its thread may end after the
   * pool has become quiet without it. So more than one thread may find that it was the last.
   */
  private void tellOfEnd() {
    if (hasToldOfEnd.compareAndSet(false, true)) {
      threadsEnded();
    }
  }

  /** Called once, when the last thread has ended and no other will start. */
  void threadsEnded() {
    terminated();
  }

  @Override
  protected final boolean isOwnThread() {
    Thread self = Thread.currentThread();
    return workersByThread.containsKey(self) || abandonmentThreads.contains(self);
  }

  @Override
  protected final boolean canRunHere() {
    return workersByThread.containsKey(Thread.currentThread());
  }

  @Override
  protected final void runHere(Batch<?, ?> batch) {
    Worker worker = workersByThread.get(Thread.currentThread());
    if (worker != null) {
      worker.runWithin(batch);
    }
  }

  /** Makes {@link AbstractPool#awaitRoom} available to the workers. */
  final long awaitRoomFor(OutOfMemoryError e, long since) {
    return awaitRoom(e, since);
  }

  /** Makes {@link Timer#tryAfter} available to the workers. */
  static Future<?> tryLater(Duration pause, Runnable action) {
    return Timer.tryAfter(pause, action);
  }
}
