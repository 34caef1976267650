package io.github.fornada.threads;

import io.github.fornada.ExecutionModel;
import io.github.fornada.PoolOptions;
import io.github.fornada.TaskEvent;
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.spi.Batch;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
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

  private final PoolOptions options;
  private final Map<Thread, Worker> workersByThread = new ConcurrentHashMap<>();

  /** Threads that end items instead of workers whose task ignores interrupts. */
  private final Set<Thread> undertakers = ConcurrentHashMap.newKeySet();

  /** Batches of several items that workers have, each with the time it was taken. */
  private final Map<Batch<?, ?>, Long> shareable = new ConcurrentHashMap<>();

  /** Whether a look for late batches is due. */
  private final AtomicBoolean lookDue = new AtomicBoolean();

  private final Roster roster;

  LocalPool(ExecutionModel model, PoolOptions options) {
    super(model, options.workers(), options.policy());
    this.options = options;
    this.roster =
        new Roster(options.workers(), keepsIdleThreads(), () -> hasWork() || lateBatch() != null);
  }

  abstract Thread newThread(Runnable body, String name);

  /** Returns whether a thread without work waits for some, rather than ending. */
  abstract boolean keepsIdleThreads();

  @Override
  protected final void workAvailable() {
    int number = roster.call();
    if (number != Roster.NOBODY) {
      start(new Worker(this, number, options.name() + "-" + (number + 1)));
    }
  }

  private void start(Worker worker) {
    try {
      worker.start();
    } catch (OutOfMemoryError e) { // no memory for one more thread
      if (roster.remove(worker.member()) == 0) {
        throw e; // nobody else would do the work
      }
    }
  }

  /** Returns the next batch for {@code worker}; null if the worker should end. */
  final @Nullable Batch<?, ?> next(Worker worker) {
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

  // ---- the life of workers

  final void began(Worker worker, Thread thread, long startupNanos) {
    workersByThread.put(thread, worker);
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
    Thread undertaker =
        Thread.ofPlatform()
            .daemon()
            .name(worker.name() + "-abandoned")
            .unstarted(() -> {
              try {
                end.run();
              } finally {
                letGo(batch);
                undertakers.remove(Thread.currentThread());
              }
            });
    undertakers.add(undertaker);
    undertaker.start();
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
    return workersByThread.containsKey(self) || undertakers.contains(self);
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
