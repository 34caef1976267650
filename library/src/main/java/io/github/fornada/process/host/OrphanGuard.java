package io.github.fornada.process.host;

import io.github.fornada.jvm.Log;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Ends the workers of a pool whose owner was killed, if they cannot do it themselves: a worker that
 * is stopped, or whose heap is so full that its collector lets no thread run for long, does not
 * notice that its connection has ended.
 *
 * <p>The guard is a shell that only reads the process ids of workers from a pipe that only the
 * owner keeps open. When the owner ends in any way, the system closes the pipe; a second later the
 * shell kills the remaining workers and removes the pool's private folder. Where there is no shell,
 * there is no guard.
 */
public final class OrphanGuard {
  private static final Path SHELL = Path.of("/bin/sh");

  // A worker that is able to ends its own children before itself, and has a second for that.
  private static final String SCRIPT =
      """
      trap '' HUP INT TERM
      pids=' '
      next=
      while read -r what which; do
        case $what in
          +) pids="$pids$which " ;;
          -) pids=${pids%%" $which "*}' '${pids#*" $which "} ;;
          f) next=$which ;;
        esac
      done
      case $pids in
        *[0-9]*) sleep 1; kill -9 $pids ;;
      esac
      for folder in "$next" "$1"; do
        if [ -n "$folder" ]; then
          second=$(readlink "$folder/$2") && rm -rf "$second"
          rm -rf "$folder"
        fi
      done
      """;

  private final Path directory;

  // All guarded by this.
  private final Set<Long> workers = new LinkedHashSet<>();
  private @Nullable Path next;
  private @Nullable Process shell;
  private @Nullable OutputStream pipe;
  private boolean closed;

  /**
   * Creates a guard for the workers of the pool with this private folder, which it deletes with
   * them.
   */
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
              // else the shell would keep the owner's own streams open
              .redirectOutput(Redirect.DISCARD)
              .redirectError(Redirect.DISCARD)
              .start();
      synchronized (this) {
        shell = started;
        pipe = started.getOutputStream();
        if (closed) {
          end();
        } else {
          workers.forEach(pid -> send('+', Long.toString(pid)));
          send('f', next == null ? "" : next.toString());
        }
      }
      // no process can be started, or no thread to wait for it
    } catch (IOException | OutOfMemoryError e) {
      Log.get().log(System.Logger.Level.DEBUG, "workers have no guard", e);
    }
  }

  /** Guards this process from now on, until it ends. */
  public void add(Process worker) {
    long pid = worker.pid();
    synchronized (this) {
      workers.add(pid);
      send('+', Long.toString(pid));
    }
    ExitWatch.then(worker, () -> remove(pid));
  }

  private synchronized void remove(long pid) {
    workers.remove(pid);
    send('-', Long.toString(pid));
  }

  /** Deletes this folder too, in place of the one said before; null for none. */
  public synchronized void alsoDelete(@Nullable Path folder) {
    next = folder;
    send('f', folder == null ? "" : folder.toString());
  }

  /**
   * Sends a line to the shell. Under the monitor. Before the shell runs, only the set has the
   * workers.
   */
  private void send(char what, String which) {
    OutputStream to = pipe;
    if (to != null) {
      try {
        to.write((what + " " + which + "\n").getBytes(HandshakeServer.PLATFORM_CHARSET));
        to.flush();
      } catch (IOException e) {
        Log.get().log(System.Logger.Level.DEBUG, "the guard of workers is gone", e);
        pipe = null;
      }
    }
  }

  /** Called when the pool and its workers have ended. */
  public synchronized void close() {
    closed = true;
    end();
  }

  /** Under the monitor. */
  private void end() {
    if (shell != null) {
      shell.destroyForcibly(); // the shell ignores SIGTERM
    }
    pipe = null;
  }
}
