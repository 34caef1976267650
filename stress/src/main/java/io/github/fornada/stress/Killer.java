package io.github.fornada.stress;

import io.github.fornada.process.ProcessPool;
import io.github.fornada.process.WorkerStats;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** Sends SIGKILL to workers of a pool at random moments. */
final class Killer implements AutoCloseable {
  /**
   * Three failed starts in a row break a pool, as intended; this class must not cause that many.
   */
  private static final Duration BETWEEN_STARTING = Duration.ofSeconds(2);

  private final ProcessPool pool;
  private final SplittableRandom random;
  private final long meanPauseNanos;
  private final int most;
  private final Set<Long> killed = ConcurrentHashMap.newKeySet();
  private final Thread thread;
  private volatile boolean over;
  private long lastStartingKill = System.nanoTime();

  Killer(ProcessPool pool, SplittableRandom random, Duration meanPause, int most) {
    this.pool = pool;
    this.random = random;
    this.meanPauseNanos = meanPause.toNanos();
    this.most = most;
    this.thread = Thread.ofPlatform().daemon().name("killer").start(this::run);
  }

  private void run() {
    while (!over && killed.size() < most) {
      LockSupport.parkNanos((long) (-Math.log(1 - random.nextDouble()) * meanPauseNanos));
      if (!over) {
        kill(random.nextInt(8) == 0 ? anyChild() : readyWorker());
      }
    }
  }

  private long readyWorker() {
    List<Long> pids =
        pool.stats().workers().stream().map(WorkerStats::pid).filter(pid -> pid > 0).toList();
    return pids.isEmpty() ? -1 : pids.get(random.nextInt(pids.size()));
  }

  /** Returns any child process, perhaps a worker that is starting. */
  private long anyChild() {
    long now = System.nanoTime();
    if (now - lastStartingKill < BETWEEN_STARTING.toNanos()) {
      return -1;
    }
    lastStartingKill = now;
    List<ProcessHandle> children = ProcessHandle.current().children().toList();
    return children.isEmpty() ? -1 : children.get(random.nextInt(children.size())).pid();
  }

  private void kill(long pid) {
    ProcessHandle process = pid < 0 ? null : ProcessHandle.of(pid).orElse(null);
    boolean ours =
        process != null
            && process.parent().map(ProcessHandle::pid).orElse(-1L)
                == ProcessHandle.current().pid();
    if (process != null && ours) {
      boolean first = killed.add(pid); // added before the kill, because an outcome may come at once
      if (!process.destroyForcibly() && first) {
        killed.remove(pid); // it had ended before
      }
    }
  }

  /** Returns the process ids of the workers that were killed. */
  Set<Long> killed() {
    return killed;
  }

  @Override
  public void close() {
    over = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
