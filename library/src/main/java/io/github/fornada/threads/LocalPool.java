package io.github.fornada.threads;

import io.github.fornada.AbstractPool;
import io.github.fornada.Batch;
import io.github.fornada.Model;
import io.github.fornada.PoolOptions;
import io.github.fornada.TaskEvent;
import java.time.Duration;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What the pools of threads share: workers started on demand, that poll for batches and help each
 * other out of long ones.
 */
abstract sealed class LocalPool extends AbstractPool
    permits SequentialPool, ThreadPool, VirtualThreadPool {
  private final PoolOptions options;
  private final Map<Thread, Worker> workersByThread = new ConcurrentHashMap<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();

  // All guarded by lock.
  private final BitSet names = new BitSet();
  private int live;
  private int idle;
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
    Worker started = null;
    lock.lock();
    try {
      if (idle > wakeUps) {
        wakeUps++;
        wake.signal();
      } else if (live < workers() && !ending) {
        started = addWorker();
      }
    } finally {
      lock.unlock();
    }
    if (started != null) {
      started.start();
    }
  }

  /** Under lock. */
  private Worker addWorker() {
    live++;
    int number = names.nextClearBit(0);
    names.set(number);
    return new Worker(this, number, options.name() + "-" + (number + 1));
  }

  /** The next batch for a worker; null if it should end. */
  final @Nullable Batch<?, ?> next(Worker worker, int most) {
    while (true) {
      Batch<?, ?> batch = poll(most);
      if (batch == null) {
        batch = steal();
      } else if (batch.size() > 1 || hasWork()) {
        workAvailable(); // one worker wakes the next, so that a submit wakes but one
      }
      if (batch != null) {
        return batch;
      }
      lock.lock();
      try {
        if (ending) {
          return null;
        }
        if (!keepsIdleThreads()) {
          // Under the same lock as workAvailable's look at `live`: work that came before it is seen
          // here, work that comes after it starts a new thread.
          if (!hasWork()) {
            remove(worker);
            return null;
          }
          continue;
        }
        idle++;
        try {
          // As above: work that was queued before `idle` went up is seen here.
          while (wakeUps == 0 && !ending && !hasWork()) {
            wake.awaitUninterruptibly();
          }
          if (wakeUps > 0) {
            wakeUps--;
          }
        } finally {
          idle--;
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** An unclaimed item's batch of another worker: its owner may be busy with a long item. */
  private @Nullable Batch<?, ?> steal() {
    for (Worker worker : workersByThread.values()) {
      Batch<?, ?> batch = worker.current();
      if (batch != null && batch.hasWaiting()) {
        return batch;
      }
    }
    return null;
  }

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
    boolean last;
    lock.lock();
    try {
      remove(worker);
      last = ending && live == 0;
    } finally {
      lock.unlock();
    }
    if (last) {
      terminated();
    }
  }

  /** A worker's task does not listen: its thread is left behind, and another takes its place. */
  final void abandon(Worker worker) {
    lock.lock();
    try {
      remove(worker);
    } finally {
      lock.unlock();
    }
    Batch<?, ?> batch = worker.current();
    if (batch != null && batch.hasWaiting()) {
      giveBack(batch);
    } else {
      workAvailable();
    }
  }

  /** Under lock. Does nothing the second time. */
  private void remove(Worker worker) {
    if (worker.leave()) {
      live--;
      names.clear(worker.number());
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
  protected final void cancelAll(String reason) {
    for (Worker worker : workersByThread.values()) {
      Batch<?, ?> batch = worker.current();
      if (batch != null) {
        batch.stopCall(reason);
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
    return workersByThread.containsKey(Thread.currentThread());
  }

  /** {@link AbstractPool#after}, for the workers. */
  static void later(Duration pause, Runnable action) {
    var unused = after(pause, action);
  }
}
