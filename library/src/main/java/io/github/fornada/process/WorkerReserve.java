package io.github.fornada.process;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
import io.github.fornada.process.host.ExitHooks;
import io.github.fornada.process.host.ExitWatch;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.host.Nesting;
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
 * Worker JVMs that are started before there is a pool: for programs that open pools again and again
 * and cannot wait for JVMs to boot each time. A pool that is {@linkplain
 * ProcessPool#open(WorkerReserve, UnaryOperator) opened with a reserve} takes its workers from it,
 * replacements for other workers included. If the reserve is empty, the pool starts workers as any
 * other pool does.
 *
 * <p>A worker is taken once and never comes back, so no pool sees anything of another pool: the
 * workers in the reserve have run no user code. The reserve starts new workers for those taken, a
 * moment later.
 *
 * <p><b>Costs.</b> The reserve keeps as many JVMs as its options have workers, for as long as it is
 * open. Each takes about 50 MB of memory, 2 MB of them in the shared memory of the system, and no
 * processor time once it is ready.
 *
 * <p>Close the reserve when no more pools will be opened. This ends the workers that no pool has
 * taken; those taken belong to their pools. No worker outlives this JVM.
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
 * <p>The idea comes from the fork server of Python's {@code multiprocessing}, as far as it is
 * possible for a JVM, which cannot be forked.
 */
public final class WorkerReserve implements AutoCloseable {
  /**
   * The pause before new workers are started, so that the pool that took one gets the processor
   * first.
   */
  private static final Duration REFILL_AFTER = Duration.ofMillis(200); // Guess

  /**
   * The pause before a worker is replaced that has died in the reserve, or could not be started:
   * where none can live, one is tried each time.
   */
  private static final Duration AFTER_DEATH = Duration.ofSeconds(1); // Guess

  private final ProcessOptions options;
  private final Path directory;
  private final HandshakeServer handshakeServer;
  private final OrphanGuard guard;
  private final Launcher launcher;
  private final Thread exitHook;

  // All guarded by this.
  private final ArrayDeque<ReservedWorker> ready = new ArrayDeque<>();
  private final Set<Process> running = new HashSet<>();
  private int number;

  /** The private folder of the next pool, which takes a while to make; null for none. */
  private @Nullable Path nextFolder;

  private int starting;
  private boolean closed;

  private WorkerReserve(ProcessOptions options) throws IOException {
    this.options = options;
    this.directory = PrivateDirectory.create(PrivateDirectory.bases(), options.workers());
    this.guard = new OrphanGuard(directory);
    this.launcher = new Launcher(options.launchSettings(), directory, guard);
    this.handshakeServer = new HandshakeServer(directory, options.workers());
    this.exitHook = new Thread(this::close, "fornada-reserve-exit");
    boolean whole = false;
    try {
      ExitHooks.add(exitHook);
      refill();
      guard.start();
      whole = true;
    } finally {
      if (!whole) {
        close(); // no memory for another thread, or the JVM is shutting down
      }
    }
  }

  /**
   * Opens a reserve of as many workers as the options say. They boot in the background; a pool that
   * takes a worker before it is ready waits for the rest of its start. The other options are the
   * initial options of pools opened with this reserve.
   *
   * @throws IllegalArgumentException if an option is out of its bounds; the message names it
   * @throws IllegalStateException if a worker opens it while a class is initialized, or there are
   *     too many levels of workers in workers
   * @throws UncheckedIOException if the reserve's private folder or socket cannot be created
   */
  public static WorkerReserve open(UnaryOperator<ProcessOptions> change) {
    Nesting.check();
    try {
      return new WorkerReserve(change.apply(ProcessOptions.defaults()));
    } catch (IOException e) {
      throw new UncheckedIOException("the reserve could not be opened: " + e.getMessage(), e);
    }
  }

  /** Returns the initial options of pools opened with this reserve. */
  ProcessOptions options() {
    return options;
  }

  /**
   * Checks that a pool with the options {@code wanted} would start workers in the same way.
   *
   * @throws IllegalArgumentException if it would not
   */
  void requireFit(ProcessOptions wanted) {
    boolean same =
        wanted.workers() == options.workers() && wanted.launch().equals(options.launch());
    if (!same && !launcher.startsTheSame(wanted.launchSettings())) {
      throw new IllegalArgumentException(
          "the workers of the reserve were started with other options than the pool's: heap (by"
              + " default a share for each of the workers), JVM options with those of the codec,"
              + " environment, working directory and ahead-of-time cache must be the same; set"
              + " them where the reserve is opened");
    }
  }

  Path directory() {
    return directory;
  }

  synchronized @Nullable Path nextFolder() {
    return nextFolder;
  }

  /** Returns the process ids of the workers that wait to be taken. */
  synchronized List<Long> pids() {
    return ready.stream().map(reserved -> reserved.process().pid()).toList();
  }

  /** Takes a worker for a pool; returns null if there is none left. Never waits. */
  @Nullable ReservedWorker take() {
    ReservedWorker taken = null;
    synchronized (this) {
      while (taken == null && !ready.isEmpty()) {
        ReservedWorker first = ready.remove();
        if (first.process().isAlive()) {
          taken = first;
        } else {
          first.giveUp();
        }
      }
      if (closed) {
        return taken;
      }
    }
    refillLater(REFILL_AFTER);
    return taken;
  }

  /** Returns a private folder that was made for the next pool; null if there is none. */
  synchronized @Nullable Path takeFolder() {
    Path taken = nextFolder;
    if (taken != null) {
      nextFolder = null;
      guard.alsoDelete(null);
    }
    return taken;
  }

  /** Makes the private folder of the next pool, unless there is one. */
  private void makeFolder() {
    synchronized (this) {
      if (closed || nextFolder != null) {
        return;
      }
    }
    try {
      Path made = PrivateDirectory.create(PrivateDirectory.bases(), options.workers());
      synchronized (this) {
        if (!closed && nextFolder == null) {
          nextFolder = made;
          guard.alsoDelete(made);
          return;
        }
      }
      PrivateDirectory.delete(made);
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "no folder for the next pool could be made", e);
    }
  }

  /**
   * Starts the missing workers, and makes the folder of the next pool. Does not report a failed
   * start: the pool will report its own.
   */
  private void refill() {
    while (true) {
      int next;
      synchronized (this) {
        if (closed || ready.size() + starting >= options.workers()) {
          break;
        }
        starting++;
        next = ++number;
      }
      ReservedWorker started = null;
      try {
        PrivateDirectory.restore(directory);
        handshakeServer.restore();
        started = ReservedWorker.start(launcher, handshakeServer, directory, next);
      } catch (IOException | RuntimeException | Error e) { // such as no memory for a thread
        Log.get().log(System.Logger.Level.DEBUG, "a worker could not be started in reserve", e);
        refillLater(AFTER_DEATH);
      }
      synchronized (this) {
        starting--;
        if (started == null) {
          closeIfLast();
          break;
        }
        Process process = started.process();
        running.add(process);
        if (closed) {
          Reaper.kill(process);
          started.giveUp();
        } else {
          ready.add(started);
        }
        ExitWatch.then(process, () -> ended(process));
      }
    }
    makeFolder();
  }

  private void ended(Process process) {
    ReservedWorker left = null;
    synchronized (this) {
      running.remove(process);
      for (ReservedWorker each : ready) {
        left = each.process().equals(process) ? each : left;
      }
      if (left != null) {
        ready.remove(left);
        left.giveUp();
      }
      closeIfLast();
    }
    if (left != null) {
      refillLater(AFTER_DEATH);
    }
  }

  private void refillLater(Duration pause) {
    synchronized (this) {
      if (closed) {
        return;
      }
    }
    var _ =
        Timer.after(
            pause,
            () -> {
              try {
                var _ = OwnThreads.daemon("fornada-reserve").start(this::refill);
              } catch (OutOfMemoryError e) { // no memory for a thread
                refillLater(AFTER_DEATH);
              }
            });
  }

  /**
   * Deletes the folder once the last worker of any pool is gone: the classes of workers may be in
   * it.
   */
  private synchronized void closeIfLast() {
    if (closed && running.isEmpty() && starting == 0) {
      guard.close();
      handshakeServer.close();
      PrivateDirectory.delete(directory);
    }
  }

  /** Ends the workers that no pool has taken. Does not wait for pools. */
  @Override
  public void close() {
    List<ReservedWorker> left;
    Path folder;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      folder = takeFolder();
      left = new ArrayList<>(ready);
      ready.clear();
    }
    if (folder != null) {
      PrivateDirectory.delete(folder);
    }
    for (ReservedWorker reserved : left) {
      Reaper.kill(reserved.process());
      reserved.giveUp();
      var _ = Reaper.exitCode(reserved.process());
      ended(reserved.process());
    }
    closeIfLast();
    if (!Thread.currentThread().equals(exitHook)) {
      ExitHooks.remove(exitHook);
    }
  }
}
