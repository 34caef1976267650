package io.github.fornada.process.host;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Ends the workers of a pool whose owner was killed, if they cannot do it themselves: a worker that
 * is stopped, or whose heap is so full that its collector lets no thread run for long, does not
 * notice that its connection has ended.
 *
 * <p>The guard is a shell that only reads the process ids of workers, and the private folders of
 * pools, from a pipe that only the owner keeps open. When the owner ends in any way, the system
 * closes the pipe; a second later the shell kills the remaining workers and removes the folders.
 * All pools and reserves of a process have one shell, for as long as one of them is open. Where
 * there is no shell, there is no guard.
 */
public final class OrphanGuard {
  private static final Path SHELL = Path.of("/bin/sh");

  // A worker that is able to ends its own children before itself, and has a second for that.
  private static final String SCRIPT =
      """
      trap '' HUP INT TERM
      nl='
      '
      pids=$nl
      folders=$nl
      while read -r what which; do
        case $what in
          +) pids="$pids$which$nl" ;;
          -) pids=${pids%%"$nl$which$nl"*}$nl${pids#*"$nl$which$nl"} ;;
          f) folders="$folders$which$nl" ;;
          d) folders=${folders%%"$nl$which$nl"*}$nl${folders#*"$nl$which$nl"} ;;
        esac
      done
      case $pids in
        *[0-9]*) sleep 1; kill -9 $pids ;;
      esac
      set -f
      IFS=$nl
      for folder in $folders; do
        second=$(readlink "$folder/$1") && rm -rf "$second"
        rm -rf "$folder"
      done
      """;

  // All guarded by the class.
  private static final Set<OrphanGuard> OPEN = new LinkedHashSet<>();
  private static boolean starting;
  private static @Nullable Process shell;
  private static @Nullable OutputStream pipe;

  private final Path directory;

  // All guarded by the class.
  private final Set<Long> workers = new LinkedHashSet<>();
  private @Nullable Path other;
  private boolean closed;

  /**
   * Creates a guard for the workers of the pool with this private folder, which it deletes with
   * them.
   */
  public OrphanGuard(Path directory) {
    this.directory = directory;
  }

  /**
   * Guards from now on. The shell takes some milliseconds to start: if it does not run, a thread of
   * its own does that.
   */
  public void start() {
    synchronized (OrphanGuard.class) {
      if (closed || !OPEN.add(this)) {
        return;
      }
      if (isRunning()) {
        tell();
        return;
      }
      if (starting || !Files.isExecutable(SHELL)) {
        return;
      }
      starting = true;
    }
    boolean begun = false;
    try {
      var _ = OwnThreads.daemon("fornada-guard").start(OrphanGuard::startShell);
      begun = true;
    } finally {
      if (!begun) { // no memory for another thread
        isStarted(null);
      }
    }
  }

  private static void startShell() {
    Process started = null;
    try {
      started =
          new ProcessBuilder(
                  SHELL.toString(), "-c", SCRIPT, "fornada-guard", PrivateDirectory.OVERFLOW)
              // else the shell would keep the owner's own streams open
              .redirectOutput(Redirect.DISCARD)
              .redirectError(Redirect.DISCARD)
              .start();
      // no process can be started, or no thread to wait for it
    } catch (IOException | OutOfMemoryError e) {
      Log.get().log(System.Logger.Level.DEBUG, "workers have no guard", e);
    } finally {
      isStarted(started);
    }
  }

  /** Tells the shell of all that is open, if it has been started. */
  private static void isStarted(@Nullable Process started) {
    synchronized (OrphanGuard.class) {
      starting = false;
      if (started != null) {
        shell = started;
        pipe = started.getOutputStream();
        if (OPEN.isEmpty()) {
          end();
        } else {
          OPEN.forEach(OrphanGuard::tell);
        }
      }
    }
  }

  /** Guards this process from now on, until it ends. */
  public void add(Process worker) {
    long pid = worker.pid();
    synchronized (OrphanGuard.class) {
      workers.add(pid);
      sendIfKnown('+', Long.toString(pid));
    }
    ExitWatch.then(worker, () -> remove(pid));
  }

  private void remove(long pid) {
    synchronized (OrphanGuard.class) {
      if (workers.remove(pid)) {
        sendIfKnown('-', Long.toString(pid));
      }
    }
  }

  /** Deletes this folder too, in place of the one said before; null for none. */
  public void alsoDelete(@Nullable Path folder) {
    synchronized (OrphanGuard.class) {
      if (other != null) {
        sendIfKnown('d', other.toString());
      }
      other = folder;
      if (folder != null) {
        sendIfKnown('f', folder.toString());
      }
    }
  }

  /** Called when the pool and its workers have ended. */
  public void close() {
    synchronized (OrphanGuard.class) {
      closed = true;
      if (OPEN.remove(this)) {
        lines('-', 'd').forEach(OrphanGuard::send);
        if (OPEN.isEmpty()) {
          end();
        }
      }
    }
  }

  // ---- all under the monitor of the class

  private static boolean isRunning() {
    return shell != null && pipe != null && shell.isAlive();
  }

  /** Tells the shell of all that this guards. */
  private void tell() {
    lines('+', 'f').forEach(OrphanGuard::send);
  }

  private List<String> lines(char ofWorker, char ofFolder) {
    var lines = new ArrayList<String>();
    workers.forEach(pid -> lines.add(ofWorker + " " + pid));
    lines.add(ofFolder + " " + directory);
    if (other != null) {
      lines.add(ofFolder + " " + other);
    }
    return lines;
  }

  /** Sends a line if the shell knows of this; else it will be told when it does. */
  private void sendIfKnown(char what, String which) {
    if (OPEN.contains(this)) {
      send(what + " " + which);
    }
  }

  private static void send(String line) {
    OutputStream to = pipe;
    if (to != null) {
      try {
        to.write((line + "\n").getBytes(HandshakeServer.PLATFORM_CHARSET));
        to.flush();
      } catch (IOException e) {
        Log.get().log(System.Logger.Level.DEBUG, "the guard of workers is gone", e);
        pipe = null;
      }
    }
  }

  private static void end() {
    if (shell != null) {
      shell.destroyForcibly(); // the shell ignores SIGTERM
    }
    shell = null;
    pipe = null;
  }
}
