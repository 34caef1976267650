package io.github.fornada.process.host;

import io.github.fornada.jvm.Log;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Ends the workers of a pool whose owner was killed, if they cannot do it themselves: a worker that
 * is stopped, or whose heap is so full that its collector lets no thread run for long, does not see
 * that its connection has ended.
 *
 * <p>It is a shell that does nothing but read, from a pipe that only the owner holds open, which
 * workers there are. The system closes the pipe with the owner, however that ends; a second later
 * the shell kills those that are left, and removes the pool's private folder. Where there is no
 * shell, workers are on their own.
 */
public final class OrphanGuard {
  private static final Path SHELL = Path.of("/bin/sh");

  // A worker that can, ends its own children before itself, and has a second for it.
  private static final String SCRIPT =
      """
      trap '' HUP INT TERM
      pids=' '
      while read -r what pid; do
        case $what in
          +) pids="$pids$pid " ;;
          -) pids=${pids%%" $pid "*}' '${pids#*" $pid "} ;;
        esac
      done
      case $pids in
        *[0-9]*) sleep 1; kill -9 $pids ;;
      esac
      second=$(readlink "$1/$2") && rm -rf "$second"
      rm -rf "$1"
      """;

  private final Path directory;

  // All guarded by this.
  private final Set<Long> workers = new LinkedHashSet<>();
  private @Nullable Process shell;
  private @Nullable OutputStream pipe;
  private boolean closed;

  /** Over the workers of the pool with this private folder, which goes with them. */
  public OrphanGuard(Path directory) {
    this.directory = directory;
  }

  /** Starts the shell, which takes some milliseconds. */
  public void start() {
    if (!Files.isExecutable(SHELL)) {
      return;
    }
    try {
      Process started =
          new ProcessBuilder(
                  SHELL.toString(),
                  "-c",
                  SCRIPT,
                  "fornada-guard",
                  directory.toString(),
                  PrivateDirectory.OVERFLOW)
              .redirectOutput(Redirect.DISCARD) // or it would hold the owner's own open
              .redirectError(Redirect.DISCARD)
              .start();
      synchronized (this) {
        shell = started;
        pipe = started.getOutputStream();
        if (closed) {
          end();
        } else {
          workers.forEach(pid -> tell('+', pid));
        }
      }
    } catch (IOException | OutOfMemoryError e) { // no process, or no thread to wait for it
      Log.get().log(System.Logger.Level.DEBUG, "workers have no guard", e);
    }
  }

  /** From now on this process is watched over, until it ends. */
  public void add(Process worker) {
    long pid = worker.pid();
    synchronized (this) {
      workers.add(pid);
      tell('+', pid);
    }
    ExitWatch.then(worker, () -> remove(pid));
  }

  private synchronized void remove(long pid) {
    workers.remove(pid);
    tell('-', pid);
  }

  /** Under the monitor. Before the shell is there, it is the set that remembers. */
  private void tell(char what, long pid) {
    OutputStream to = pipe;
    if (to != null) {
      try {
        to.write((what + " " + pid + "\n").getBytes(StandardCharsets.US_ASCII));
        to.flush();
      } catch (IOException e) {
        Log.get().log(System.Logger.Level.DEBUG, "the guard of workers is gone", e);
        pipe = null;
      }
    }
  }

  /** The pool has ended, and its workers with it. */
  public synchronized void close() {
    closed = true;
    end();
  }

  /** Under the monitor. */
  private void end() {
    if (shell != null) {
      shell.destroyForcibly(); // it was told to ignore what is more polite
    }
    pipe = null;
  }
}
