package io.github.fornada.process;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Supplies slots with workers: a spare that is ready if there is one, else a new worker. */
final class WorkerSupply {
  private final Engine engine;
  private final int wanted;

  /** Workers whose JVMs boot already, for the first slots that need one. */
  private final ConcurrentLinkedQueue<WorkerStart> begun;

  private final ReentrantLock lock = new ReentrantLock();

  // All guarded by lock.
  private final ArrayDeque<WorkerProcess> spares = new ArrayDeque<>();
  private int starting;
  private boolean closed;

  WorkerSupply(Engine engine, int spares, List<WorkerStart> begun) {
    this.engine = engine;
    this.begun = new ConcurrentLinkedQueue<>(begun);
    this.wanted = spares;
  }

  /** Returns a worker that is ready. Waits for its start if there is no spare. */
  WorkerProcess take() {
    WorkerProcess spare = pollSpare();
    refill();
    return spare != null ? spare : start();
  }

  private WorkerProcess start() {
    WorkerStart first = begun.poll();
    return first != null ? first.finish() : WorkerStart.start(engine, engine.nextWorkerNumber());
  }

  /** Starts a worker in the background, or takes a spare. */
  CompletableFuture<WorkerProcess> prepare() {
    WorkerProcess spare = pollSpare();
    if (spare != null) {
      refill();
      return CompletableFuture.completedFuture(spare);
    }
    var started = new CompletableFuture<WorkerProcess>();
    engine.startHelper(
        "fornada-starter",
        () -> {
          try {
            WorkerProcess worker = start();
            if (!started.complete(worker)) {
              engine.dismiss(worker);
            }
          } catch (RuntimeException | Error e) {
            started.completeExceptionally(e);
          }
        });
    return started;
  }

  /** Starts as many spares as are missing. */
  void refill() {
    int missing;
    lock.lock();
    try {
      missing = closed ? 0 : wanted - spares.size() - starting;
      starting += Math.max(0, missing);
    } finally {
      lock.unlock();
    }
    for (int i = 0; i < missing; i++) {
      engine.startHelper("fornada-starter", this::addSpare);
    }
  }

  private void addSpare() {
    WorkerProcess worker = null;
    try {
      worker = start();
    } catch (WorkerStartException e) {
      // A slot that needs a worker will meet the same failure and report it.
    }
    boolean kept = false;
    lock.lock();
    try {
      starting--;
      if (worker != null && !closed) {
        kept = spares.add(worker);
      }
    } finally {
      lock.unlock();
    }
    if (worker == null) {
      return;
    }
    if (!kept) {
      engine.dismiss(worker);
      return;
    }
    WorkerProcess spare = worker;
    spare.onExit(() -> {
      if (remove(spare)) {
        engine.dismiss(spare);
        refill();
      }
    });
  }

  private boolean remove(WorkerProcess spare) {
    lock.lock();
    try {
      return spares.remove(spare);
    } finally {
      lock.unlock();
    }
  }

  private @Nullable WorkerProcess pollSpare() {
    while (true) {
      WorkerProcess spare;
      lock.lock();
      try {
        spare = spares.poll();
      } finally {
        lock.unlock();
      }
      if (spare == null || spare.isAlive()) {
        return spare;
      }
      engine.dismiss(spare);
    }
  }

  int spareCount() {
    lock.lock();
    try {
      return spares.size();
    } finally {
      lock.unlock();
    }
  }

  /** Called when no more workers are needed: ends the spares. */
  void close() {
    List<WorkerProcess> left;
    lock.lock();
    try {
      closed = true;
      left = new ArrayList<>(spares);
      spares.clear();
    } finally {
      lock.unlock();
    }
    left.forEach(engine::dismiss);
    for (WorkerStart start = begun.poll(); start != null; start = begun.poll()) {
      engine.startHelper("fornada-worker-exit", start::abandon);
    }
  }

  void killSpares(String why) {
    lock.lock();
    try {
      spares.forEach(spare -> spare.kill(why));
      begun.forEach(WorkerStart::abandon);
    } finally {
      lock.unlock();
    }
  }
}
