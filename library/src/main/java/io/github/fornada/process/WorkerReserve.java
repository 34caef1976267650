package io.github.fornada.process;

import io.github.fornada.jvm.Log;
import io.github.fornada.process.host.OrphanGuard;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.launch.Launcher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Worker JVMs that are ready before there is a pool: for programs that open pools again and again,
 * and cannot wait for JVMs to boot each time. A pool that is {@linkplain
 * ProcessPool#open(WorkerReserve, UnaryOperator) opened with a reserve} takes its workers from it,
 * also those that take the place of others; if there is none left, it starts them as any pool does.
 *
 * <p>A worker is taken once and never comes back, so that nothing of one pool is seen by another:
 * what the reserve keeps has run no user code. The reserve starts others for those taken, a moment
 * later.
 *
 * <p><b>Costs.</b> As many JVMs as the options name workers, for as long as the reserve is open:
 * some 50 MB of memory each, and no processor time once they are ready.
 *
 * <p>Close it when no more pools are to come. That ends the workers that nobody has taken; those
 * taken belong to their pools. No worker outlives this JVM.
 *
 * {@snippet :
 * try (var reserve = WorkerReserve.open(o -> o.withWorkers(2))) {
 *   for (Request request : requests) {
 *     try (var pool = ProcessPool.open(reserve, o -> o.withTimeout(request.limit()))) {
 *       answer(pool.map(request.parts(), Part::render));
 *     }
 *   }
 * }
 * }
 *
 * <p>The idea is that of the fork server of Python's {@code multiprocessing}, as far as a JVM,
 * which cannot be forked, can have it.
 */
public final class WorkerReserve implements AutoCloseable {
  /** The pool that takes a worker comes first; then others are started. */
  private static final Duration REFILL_AFTER = Duration.ofMillis(200); // Guess

  private final ProcessOptions options;
  private final Path directory;
  private final OrphanGuard guard;
  private final Launcher launcher;
  private final Thread exitHook;

  // All guarded by this.
  private final ArrayDeque<Reserved> ready = new ArrayDeque<>();
  private final Set<Process> running = new HashSet<>();
  private int number;
  private int starting;
  private boolean closed;

  /**
   * A worker's JVM that waits to be told which pool it is for.
   *
   * @param mark in its environment, and so in that of all it will start
   */
  record Reserved(Process process, String mark) {}

  private WorkerReserve(ProcessOptions options) throws IOException {
    this.options = options;
    this.directory = PrivateDirectory.create(PrivateDirectory.bases(), options.workers());
    this.guard = new OrphanGuard(directory);
    this.launcher = new Launcher(options.launchSettings(), directory, guard);
    this.exitHook = new Thread(this::close, "fornada-reserve-exit");
    Runtime.getRuntime().addShutdownHook(exitHook);
    refill();
    var _ = Thread.ofPlatform().daemon().name("fornada-guard").start(guard::start);
  }

  /**
   * Opens a reserve of as many workers as the options name. They boot in the background; a pool
   * that takes one earlier waits for the rest of its start. The other options are those that pools
   * opened with it begin with.
   *
   * @throws IllegalArgumentException if an option is out of its bounds; the message names it
   * @throws UncheckedIOException if its private folder cannot be made
   */
  public static WorkerReserve open(UnaryOperator<ProcessOptions> change) {
    try {
      return new WorkerReserve(change.apply(ProcessOptions.defaults()));
    } catch (IOException e) {
      throw new UncheckedIOException("the reserve could not be opened: " + e.getMessage(), e);
    }
  }

  /** What pools opened with it begin with. */
  ProcessOptions options() {
    return options;
  }

  /**
   * Checks that its workers are such as a pool with these options would start.
   *
   * @throws IllegalArgumentException if not
   */
  void requireFit(ProcessOptions wanted) {
    if (!launcher.startsTheSame(wanted.launchSettings())) {
      throw new IllegalArgumentException(
          "the workers of the reserve were started with other options than the pool's: heap (by"
              + " default a share for each of the workers), JVM options, environment, working"
              + " directory and ahead-of-time cache must be the same; set them where the reserve is"
              + " opened");
    }
  }

  /** Those that wait to be taken. */
  synchronized List<Long> pids() {
    return ready.stream().map(reserved -> reserved.process().pid()).toList();
  }

  /** A worker for a pool; null if there is none left. Never waits. */
  @Nullable Reserved take() {
    Reserved taken = null;
    synchronized (this) {
      while (taken == null && !ready.isEmpty()) {
        Reserved first = ready.remove();
        taken = first.process().isAlive() ? first : null;
      }
      if (closed) {
        return taken;
      }
    }
    Engine.later(
        REFILL_AFTER,
        () -> {
          var _ = Thread.ofPlatform().daemon().name("fornada-reserve").start(this::refill);
        });
    return taken;
  }

  /** Starts as many as are missing. One that cannot be started is missing; its pool will tell. */
  private void refill() {
    while (true) {
      int next;
      synchronized (this) {
        if (closed || ready.size() + starting >= options.workers()) {
          return;
        }
        starting++;
        next = ++number;
      }
      Process process = null;
      try {
        process = launcher.startForReserve(next);
      } catch (IOException | RuntimeException e) {
        Log.get().log(System.Logger.Level.DEBUG, "a worker could not be started in reserve", e);
      }
      synchronized (this) {
        starting--;
        if (process == null) {
          closeIfLast();
          return;
        }
        Process started = process;
        running.add(started);
        if (closed) {
          Reaper.kill(started.toHandle());
        } else {
          ready.add(new Reserved(started, launcher.mark(next)));
        }
        var _ = started.onExit().thenRun(() -> ended(started));
      }
    }
  }

  private synchronized void ended(Process process) {
    running.remove(process);
    closeIfLast();
  }

  /** The folder stays until the last worker is gone, in whatever pool: its classes may be there. */
  private synchronized void closeIfLast() {
    if (closed && running.isEmpty() && starting == 0) {
      guard.close();
      PrivateDirectory.delete(directory);
    }
  }

  /** Ends the workers that nobody has taken. Does not wait for pools. */
  @Override
  public void close() {
    List<Reserved> left;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      left = new ArrayList<>(ready);
      ready.clear();
    }
    for (Reserved reserved : left) {
      Reaper.kill(reserved.process().toHandle());
      var _ = WorkerProcess.exitCode(reserved.process());
      ended(reserved.process());
    }
    closeIfLast();
    if (!Thread.currentThread().equals(exitHook)) {
      try {
        Runtime.getRuntime().removeShutdownHook(exitHook);
      } catch (IllegalStateException e) {
        // The JVM is shutting down.
      }
    }
  }
}
