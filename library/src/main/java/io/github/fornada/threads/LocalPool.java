package io.github.fornada.threads;

import io.github.fornada.AbstractPool;
import io.github.fornada.Batch;
import io.github.fornada.Model;
import io.github.fornada.PoolOptions;
import io.github.fornada.TaskEvent;
import java.time.Duration;
import java.util.BitSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What the pools of threads share: workers started on demand, that poll for batches and help each
 * other out of long ones.
 *
 * <p><b>Waking.</b> At most one worker at a time is on its way to the queue because of new work;
 * when it has found some, and there is more, it sends the next. So a burst of submits costs one
 * wake-up, and yet no work waits beside an idle worker. That rests on an order: who adds work looks
 * at {@link #searching} and {@link #idle} after it has queued it, and a worker looks at the queue
 * once more after it has said that it searches no longer, or is idle, or gone.
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // one lock guards all writes
abstract sealed class LocalPool extends AbstractPool
    permits SequentialPool, ThreadPool, VirtualThreadPool {
  /** A batch is late, and others may help with it, after several times what one should take. */
  private static final Duration LATE = Duration.ofNanos(250_000); // Guess

  /** How long a thread without work stays, so that a pool that was forgotten can be collected. */
  private static final Duration IDLE = Duration.ofSeconds(30); // Guess

  private final PoolOptions options;
  private final Map<Thread, Worker> workersByThread = new ConcurrentHashMap<>();

  /** Threads that end items in the place of workers that do not. */
  private final Set<Thread> undertakers = ConcurrentHashMap.newKeySet();

  /** Batches of several items that workers have, each with the time it was taken. */
  private final Map<Batch<?, ?>, Long> shareable = new ConcurrentHashMap<>();

  /** Whether a look for late batches is due. */
  private final AtomicBoolean lookDue = new AtomicBoolean();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();

  // Written under lock, read by any thread.
  private volatile int live;
  private volatile int idle;
  private volatile int searching;

  // Guarded by lock.
  private final BitSet names = new BitSet();
  private int wakeUps;
  private boolean ending;

  LocalPool(Model model, PoolOptions options) {
    super(model, options.workers(), options.policy());
    this.options = options;
  }

  abstract Thread newThread(Runnable body, String name);

  /** Whether a thread without work waits for some, rather than ending. */
  abstract boolean keepsIdleThreads();

  @Override
  protected final void workAvailable() {
    if (searching > 0 || (idle == 0 && live >= workers())) {
      return;
    }
    Worker started = null;
    lock.lock();
    try {
      if (searching > 0 || ending) {
        return;
      }
      if (idle > 0) {
        idle--;
        searching++;
        wakeUps++;
        wake.signal();
      } else if (live < workers()) {
        live++;
        searching++;
        int number = names.nextClearBit(0);
        names.set(number);
        started = new Worker(this, number, options.name() + "-" + (number + 1));
      }
    } finally {
      lock.unlock();
    }
    if (started != null) {
      start(started);
    }
  }

  private void start(Worker worker) {
    try {
      worker.start();
    } catch (OutOfMemoryError e) { // no memory for one more thread
      lock.lock();
      try {
        stopSearching(worker);
        discount(worker);
        if (live == 0) {
          throw e; // nobody else would do the work
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** The next batch for a worker; null if it should end. */
  final @Nullable Batch<?, ?> next(Worker worker) {
    while (true) {
      Batch<?, ?> batch = pollAgain(worker);
      worker.polled = batch;
      boolean late = batch == null;
      if (batch == null) {
        batch = lateBatch();
      } else if (batch.size() > 1) {
        shareable.put(batch, System.nanoTime());
      }
      if (batch != null) {
        worker.takes(batch);
        boolean searched = stopSearching(worker);
        if (late ? batch.hasWaiting() : searched && hasWork()) {
          workAvailable();
        }
        return batch;
      }
      if (!awaitWork(worker)) {
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

  private boolean stopSearching(Worker worker) {
    if (!worker.searching) {
      return false;
    }
    worker.searching = false;
    lock.lock();
    try {
      searching--;
    } finally {
      lock.unlock();
    }
    return true;
  }

  /** Returns when there may be work; false if the worker should end. */
  private boolean awaitWork(Worker worker) {
    lock.lock();
    try {
      stopSearching(worker);
      if (ending) {
        return false;
      }
      if (!keepsIdleThreads()) {
        return !leaves(worker);
      }
      idle++;
      if (hasWork() || lateBatch() != null) {
        idle--;
        return true;
      }
      long left = IDLE.toNanos();
      while (wakeUps == 0 && !ending && left > 0) {
        left = awaitWakeUp(left);
      }
      if (wakeUps > 0) {
        wakeUps--; // whoever woke it has counted it as searching instead of idle
        worker.searching = true;
        return true;
      }
      idle--;
      return !ending && !leaves(worker);
    } finally {
      lock.unlock();
    }
  }

  /** Interrupts mean tasks, never the wait for them. Returns the nanoseconds left. */
  @SuppressWarnings("WaitNotInLoop") // the caller loops
  private long awaitWakeUp(long nanos) {
    long deadline = System.nanoTime() + nanos;
    try {
      return wake.awaitNanos(nanos);
    } catch (InterruptedException e) {
      return deadline - System.nanoTime();
    }
  }

  /** Counts the worker no more, unless there is work after all. Under lock. */
  private boolean leaves(Worker worker) {
    live--;
    if (hasWork() || lateBatch() != null) {
      live++;
      return false;
    }
    worker.counted = false;
    names.clear(worker.number());
    return true;
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
          new TaskEvent.WorkerReady(
              worker.name(), ProcessHandle.current().pid(), startupNanos, System.nanoTime()));
    }
  }

  /** A worker's thread has nothing more to do. */
  final void ended(Worker worker, Thread thread) {
    workersByThread.remove(thread);
    gone(worker);
  }

  private void gone(Worker worker) {
    boolean last;
    lock.lock();
    try {
      stopSearching(worker);
      discount(worker);
      last = ending && live == 0;
    } finally {
      lock.unlock();
    }
    if (last) {
      terminated();
    } else if (hasWork()) {
      workAvailable();
    }
  }

  /** Under lock. Does nothing the second time. */
  private void discount(Worker worker) {
    if (worker.counted) {
      worker.counted = false;
      live--;
      names.clear(worker.number());
    }
  }

  /**
   * A worker's task does not listen: its thread is left behind, and another takes its place. Called
   * by the timer, so the rest, of which users hear, goes to a thread of its own.
   */
  final void abandon(Worker worker, Batch<?, ?> batch, Runnable end) {
    lock.lock();
    try {
      discount(worker);
    } finally {
      lock.unlock();
    }
    // A platform thread: deaf tasks may hold every carrier that virtual threads have.
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
    boolean none;
    lock.lock();
    try {
      ending = true;
      wake.signalAll();
      none = live == 0;
    } finally {
      lock.unlock();
    }
    if (none) {
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
