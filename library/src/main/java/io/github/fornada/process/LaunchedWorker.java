package io.github.fornada.process;

import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.launch.Launcher;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A worker whose JVM was launched for a pool, or taken from a reserve. It gets no further than its
 * first request until a {@link WorkerStart} goes on; if that never happens, it ends with the pool.
 *
 * @param number its number in the pool
 * @param began when its pool began to start it, or took it, by {@link System#nanoTime}
 * @param mark the mark in its environment, and so in the environment of every process that it
 *     starts
 * @param launchedMillis a time before its JVM was started, in milliseconds of the clock of file
 *     times
 * @param process its JVM; null if that could not be started
 * @param reserved what it was in the reserve; null for a new one
 * @param failure why the JVM could not be started; null if it was
 */
record LaunchedWorker(
    int number,
    long began,
    String mark,
    long launchedMillis,
    @Nullable Process process,
    @Nullable ReservedWorker reserved,
    @Nullable WorkerStartException failure) {
  /** Starts a JVM and does not wait for it. */
  static LaunchedWorker launch(Launcher launcher, int number) {
    long began = System.nanoTime();
    long now = System.currentTimeMillis();
    Process process = null;
    WorkerStartException failure = null;
    try {
      process = launcher.start(number);
    } catch (IOException | RuntimeException | Error e) {
      failure = new WorkerStartException("a worker JVM could not be started: " + e, e, kind(e));
    }
    return new LaunchedWorker(number, began, launcher.mark(number), now, process, null, failure);
  }

  /** Gives a worker from a reserve its number in the pool. */
  static LaunchedWorker of(ReservedWorker taken, int number) {
    return new LaunchedWorker(
        number,
        System.nanoTime(),
        taken.mark(),
        taken.launchedMillis(),
        taken.process(),
        taken,
        null);
  }

  /**
   * Returns the kind of a failed launch. The JDK starts processes through a helper process, which
   * can be killed like any other.
   */
  private static WorkerStartException.Kind kind(Throwable e) {
    if (e instanceof RuntimeException) {
      return WorkerStartException.Kind.REFUSED;
    }
    return String.valueOf(e.getMessage()).contains("signal: ")
        ? WorkerStartException.Kind.KILLED
        : WorkerStartException.Kind.of(e);
  }

  /** Gives it up, if no thread waits for it; its process is gone on return. */
  void abandon() {
    if (process != null) {
      Reaper.kill(process);
      var _ = Reaper.exitCode(process);
    }
    if (reserved != null) {
      reserved.giveUp();
    }
  }
}
