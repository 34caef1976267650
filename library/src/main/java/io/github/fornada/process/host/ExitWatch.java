package io.github.fornada.process.host;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs actions when a process has ended. {@link Process#onExit} does that on the common pool, which
 * user code may block; here each process has a thread of its own that waits for its end.
 */
public final class ExitWatch {
  /** The stack size of such a thread in bytes; small, because it does little but wait. */
  private static final long STACK_SIZE = 256 * 1024; // Guess

  private static final Map<Process, ExitWatch> WATCHES = new ConcurrentHashMap<>();

  private final Process process;
  private final List<Runnable> actions = new ArrayList<>(); // guarded by this
  private boolean ended; // guarded by this

  private ExitWatch(Process process) {
    this.process = process;
  }

  /** Runs {@code action}, which must not run user code, when the process has ended. */
  public static void then(Process process, Runnable action) {
    ExitWatch watch = WATCHES.computeIfAbsent(process, ExitWatch::start);
    synchronized (watch) {
      if (!watch.ended) {
        watch.actions.add(action);
        return;
      }
    }
    action.run();
  }

  private static ExitWatch start(Process process) {
    var watch = new ExitWatch(process);
    var _ =
        OwnThreads.daemon("fornada-exit-" + process.pid()).stackSize(STACK_SIZE).start(watch::live);
    return watch;
  }

  private void live() {
    while (process.isAlive()) {
      try {
        var _ = process.waitFor();
      } catch (InterruptedException e) {
        // Other code interrupted this thread: it waits for the process nevertheless.
      }
    }
    List<Runnable> due;
    synchronized (this) {
      ended = true;
      due = List.copyOf(actions);
    }
    WATCHES.remove(process);
    for (Runnable action : due) {
      try {
        action.run();
      } catch (RuntimeException | Error e) {
        Log.get().log(System.Logger.Level.ERROR, "what follows the end of a process failed", e);
      }
    }
  }
}
