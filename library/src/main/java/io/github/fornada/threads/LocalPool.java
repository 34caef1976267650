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
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.spi.Batch;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The common part of the thread pools: workers that are started on demand, poll for batches, and
 * help each other with batches that take long.
 */
abstract sealed class LocalPool extends AbstractPool
    permits SequentialPool, ThreadPool, VirtualThreadPool {
  /**
   * A batch that takes longer is late, and others may help with it: several times what one should
   * take.
   */
  private static final Duration LATE = Duration.ofNanos(250_000); // Guess

  /** How far the way from a task of a scope to the scope's owner is followed. */
  private static final int DEEPEST_SCOPE = 100; // Guess

  private final PoolOptions options;
  private final ThreadMaker threads;
  private final Duration noThreadLimit;
  private final Map<Thread, Worker> workersByThread = new ConcurrentHashMap<>();

  /** Threads that end items instead of workers whose task ignores interrupts. */
  private final Set<Thread> abandonmentThreads = ConcurrentHashMap.newKeySet();

  /** Batches of several items that workers have, each with the time it was taken. */
  private final Map<Batch<?, ?>, Long> shareable = new ConcurrentHashMap<>();

  /** How long nothing may have happened before a spare worker is started. */
  private static final Duration STALL = Duration.ofMillis(50); // Guess

  /** Pause after no thread could be had. */
  private static final Duration NO_THREAD_PAUSE = Duration.ofMillis(100); // Guess

  static final Duration NO_THREAD_LIMIT = Duration.ofSeconds(10); // Guess

  /** Whether a look for a {@linkplain #lookForStall stall} is due. */
  private final AtomicBoolean stallLookDue = new AtomicBoolean();

  private final AtomicInteger ranks = new AtomicInteger();

  /** Whether another try to start a thread is due. */
  private final AtomicBoolean startDue = new AtomicBoolean();

  /** When a thread was wanted in vain first, since one was started; 0 for never. */
  private final AtomicLong withoutThread = new AtomicLong();

  /** Whether a look for late batches is due. */
  private final AtomicBoolean lookDue = new AtomicBoolean();

  private final Roster roster;

  /**
   * A pool without threads yet.
   *
   * @param noThreadLimit for how long items wait for a thread if the system has none to give
   */
  LocalPool(
      ExecutionModel model, PoolOptions options, ThreadMaker threads, Duration noThreadLimit) {
    super(model, options.workers(), options.policy());
    this.options = options;
    this.threads = threads;
    this.noThreadLimit = noThreadLimit;
    this.roster =
        new Roster(options.workers(), keepsIdleThreads(), () -> hasWork() || lateBatch() != null);
  }

  /** Makes threads that are not started yet. */
  interface ThreadMaker {
    Thread make(Runnable body, String name);
  }

  final ThreadMaker threads() {
    return threads;
  }

  /** Returns whether a thread without work waits for some, rather than ending. */
  abstract boolean keepsIdleThreads();

  @Override
  protected final void workAvailable() {
    int number = roster.call();
    if (number != Roster.NOBODY) {
      start(new Roster.Member(number));
    }
  }

  private void start(Roster.Member member) {
    String name = options.name() + "-" + (member.number + 1);
    try {
      new Worker(this, member, name, ranks.getAndIncrement()).start();
    } catch (RuntimeException | Error e) { // OutOfMemoryError: "unable to create native thread"
      noThread(e, roster.remove(member));
    }
  }

  /**
   * No thread could be had. The calls that wanted it were accepted all the same: workers that are
   * there will come to their items, or a thread is had later. If there are no workers, and no
   * thread is had in time, the items that wait end with what was thrown.
   */
  private void noThread(Throwable thrown, int workersLeft) {
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
        return;
      }
    }
    if (startDue.compareAndSet(false, true)) {
      later(
          NO_THREAD_PAUSE,
          () -> {
            startDue.set(false);
            if (hasWork()) {
              workAvailable();
            } else {
              withoutThread.set(0);
            }
          });
    }
  }

  private void endAllThatWait(Throwable reason) {
    Runnable end =
        () -> {
          for (Batch<?, ?> batch = poll(64); batch != null; batch = poll(64)) {
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

  private static <R> void fail(Batch<?, R> batch, int i, Throwable reason) {
    batch.end(i, new Outcome.Failed<>(reason), null);
  }

  /** Returns the next batch for {@code worker}; null if the worker should end. */
  final @Nullable Batch<?, ?> next(Worker worker) {
    if (worker.member().spare) {
      return nextForSpare(worker);
    }
    while (true) {
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
        if (late ? batch.hasWaiting() : searched && hasWork()) {
          workAvailable();
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
    return poll(0, last);
  }

  /** A worker has come to the end of a batch. */
  final void finished(Batch<?, ?> batch) {
    if (batch.size() > 1) {
      shareable.remove(batch);
    }
  }

  // ---- batches that take longer than was thought

  /**
   * A batch of another worker that has items waiting behind a long one. Batches are cut for 50 us,
   * so one that is not late will soon be done without help.
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
      lookLater();
    }
    return null;
  }

  /**
   * Others may help with this batch. A worker that found nothing to do before the batch was known
   * here has not seen to it that somebody looks at it: so this one does, in the order {@link
   * #shareable}, then who is free. A worker says that it is free first, and then looks for batches.
   */
  private void share(Batch<?, ?> batch) {
    shareable.put(batch, System.nanoTime());
    if (roster.isSomebodyFree()) {
      lookLater();
    }
  }

  private void lookLater() {
    if (lookDue.compareAndSet(false, true)) {
      later(
          LATE,
          () -> {
            lookDue.set(false);
            if (lateBatch() != null) {
              workAvailable();
            }
          });
    }
  }

  // ---- tasks that wait for their own pool

  /**
   * Returns the worker on whose behalf the calling thread runs: its own, or that of the future
   * whose dependent it runs, or that which opened the scope whose task it runs.
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
      lookForStallLater();
    }
    return worker;
  }

  private void lookForStallLater() {
    if (stallLookDue.compareAndSet(false, true)) {
      long before = progress();
      later(STALL, () -> lookForStall(before));
    }
  }

  /**
   * Starts a spare worker if items wait while every worker waits in an item that has made a call to
   * this very pool, and nothing has happened since {@code before}: those items might wait for each
   * other for ever. Looks again as long as there are such items, and costs nothing else.
   */
  private void lookForStall(long before) {
    stallLookDue.set(false); // before the look: a worker hands over, then sees to a look
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
    lookForStallLater();
  }

  private boolean hasWorkForSpare() {
    return keepsOrder() ? hasNestedWork() : hasWork() || lateBatch() != null;
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

  /**
   * One item at a time, as long as all others wait; of the calls made on behalf of the workers that
   * wait those of the latest first, because the others wait for them.
   */
  private @Nullable Batch<?, ?> nextForSpare(Worker worker) {
    if (!allWaitAfterHandOver(worker)) {
      return null;
    }
    Batch<?, ?> batch = pollNested(origin -> ((Worker) origin).rank);
    if (batch == null && !keepsOrder()) {
      batch = poll(1);
      if (batch == null) {
        batch = lateBatch();
      }
    }
    if (batch != null) {
      worker.takes(batch);
    }
    return batch;
  }

  /** Whether an item must not begin before those before it have ended, unless they wait for it. */
  boolean keepsOrder() {
    return false;
  }

  // ---- the life of workers

  final void began(Worker worker, Thread thread, long startupNanos) {
    workersByThread.put(thread, worker);
    withoutThread.set(0);
    if (isObserved()) {
      tell(
          TaskEvent.WorkerReady.of(
              worker.name(), ProcessHandle.current().pid(), startupNanos, System.nanoTime()));
    }
  }

  /** A worker's thread has nothing more to do. */
  final void ended(Worker worker, Thread thread) {
    workersByThread.remove(thread);
    if (roster.remove(worker.member()) == 0 && roster.isOver()) {
      terminated();
    } else if (hasWork()) {
      workAvailable();
    }
  }

  /**
   * A worker's task ignores interrupts: its thread is left behind, and another replaces it. Called
   * by the timer, so the rest, which calls users' code, runs on a thread of its own.
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
      workAvailable();
    }
  }

  /** A worker gives up in the middle of a batch. */
  final void giveUp(Batch<?, ?> batch) {
    finished(batch);
    if (batch.hasWaiting()) {
      giveBack(batch);
    } else {
      letGo(batch);
    }
  }

  @Override
  protected final void cancel(Batch<?, ?> batch, int i, String reason) {
    for (Worker worker : workersByThread.values()) {
      if (worker.interrupt(batch, i)) {
        return;
      }
    }
  }

  @Override
  protected final void onQuiet() {
    if (roster.end()) {
      terminated();
    }
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

  /** {@link AbstractPool#after}, for the workers. */
  static void later(Duration pause, Runnable action) {
    var _ = after(pause, action);
  }
}
