package io.github.fornada.process.host;

import io.github.fornada.jvm.Listing;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.Timer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Kills processes that workers started and left behind. */
public final class Reaper {
  /**
   * The environment variable with a worker's mark. Processes that the worker starts inherit it, so
   * that those it leaves behind can be found.
   */
  public static final String MARK = "FORNADA_WORKER";

  /** How long a killed process may take until it is gone: it may have much memory to release. */
  private static final long END_NANOS = 2_000_000_000; // Guess

  private static final long PAUSE_NANOS = 5_000_000;

  /** The pause before another attempt to kill a process. */
  private static final Duration AGAIN = Duration.ofMillis(100); // Guess

  private Reaper() {}

  /**
   * Kills a process of this one and all its descendants. The JDK looks into {@code /proc} before it
   * kills: where this process can open no file at the moment, it is tried again until it has.
   */
  public static void kill(Process process) {
    ProcessHandle handle = process.toHandle();
    // The descendants first: once the process is dead they can no longer be found through it.
    descendants(handle).forEach(ProcessHandle::destroyForcibly);
    if (!handle.destroyForcibly() && process.isAlive()) {
      var _ = Timer.after(AGAIN, () -> kill(process));
    }
  }

  /**
   * Waits until the process has ended, and returns its exit code. An interrupt does not end this.
   */
  public static int exitCode(Process process) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return process.waitFor(); // returns soon: it was killed, or has exited
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Returns the descendants of a process; none if this process can open no file at the moment. */
  public static List<ProcessHandle> descendants(ProcessHandle process) {
    try {
      return process.descendants().toList();
    } catch (RuntimeException e) { // what the JDK throws then; a log may need a file
      return List.of();
    }
  }

  /**
   * Kills every other process whose environment has the mark. This finds children whose parent died
   * before them, which are no longer its descendants. Works only where the system shows
   * environments, as Linux does.
   *
   * @param mark the mark of one worker, or the prefix of the marks of all workers of a pool
   * @return the killed processes, which may take a moment to be gone
   */
  public static List<ProcessHandle> killMarked(String mark) {
    var killed = new ArrayList<ProcessHandle>();
    Path proc = Path.of("/proc");
    if (!Files.isDirectory(proc)) {
      return killed;
    }
    long self = ProcessHandle.current().pid();
    try {
      for (Path process : Listing.of(proc, "[0-9]*")) {
        long pid = Long.parseLong(String.valueOf(process.getFileName()));
        if (pid != self && isMarked(process.resolve("environ"), mark)) {
          ProcessHandle.of(pid)
              .ifPresent(found -> {
                found.destroyForcibly();
                killed.add(found);
              });
        }
      }
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "/proc could not be read", e);
    }
    return killed;
  }

  /** Waits until these processes are gone, at most for 2 s. */
  public static void awaitEnd(List<ProcessHandle> killed) {
    long end = System.nanoTime() + END_NANOS;
    while (killed.stream().anyMatch(Reaper::isRunning) && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /**
   * Returns whether the process may still hold locks. A process that has ended holds none, even if
   * its exit code was not collected yet; but its first thread may have ended before the others.
   */
  private static boolean isRunning(ProcessHandle process) {
    Path proc = Path.of("/proc/" + process.pid());
    try (Stream<Path> threads = Files.list(proc.resolve("task"))) {
      return process.isAlive()
          && (threads.count() > 1 || !Files.readString(proc.resolve("stat")).contains(") Z "));
    } catch (IOException | UncheckedIOException e) {
      return false; // the process is gone
    }
  }

  private static boolean isMarked(Path environment, String mark) {
    String all;
    try {
      all = Files.readString(environment, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return false; // another user's process, or it is gone
    }
    for (String entry : all.split("\0")) {
      if (entry.startsWith(MARK + "=")) {
        for (String one : entry.substring(MARK.length() + 1).split(",")) {
          // A worker's mark ends where the entry ends, a pool's prefix ends with a slash.
          if (one.equals(mark) || (mark.endsWith("/") && one.startsWith(mark))) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
