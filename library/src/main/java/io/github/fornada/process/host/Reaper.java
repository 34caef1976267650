package io.github.fornada.process.host;

import io.github.fornada.jvm.Log;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Ends what workers started and left behind. */
public final class Reaper {
  /** In the environment of each worker and of all that it starts: finds what it leaves behind. */
  public static final String MARK = "FORNADA_WORKER";

  private Reaper() {}

  /** Ends a process and everything below it. */
  public static void kill(ProcessHandle process) {
    // The children first: once the parent is dead they can no longer be found through it.
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /**
   * Ends every other process whose environment carries the mark: children whose parent died before
   * them no longer hang below it. Only where the system shows environments, as Linux does.
   *
   * @param mark the mark of one worker, or the beginning shared by all workers of a pool
   */
  public static void killMarked(String mark) {
    Path proc = Path.of("/proc");
    if (!Files.isDirectory(proc)) {
      return;
    }
    long self = ProcessHandle.current().pid();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(String.valueOf(process.getFileName()));
        if (pid != self && isMarked(process.resolve("environ"), mark)) {
          ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
      }
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "/proc could not be read", e);
    }
  }

  private static boolean isMarked(Path environment, String mark) {
    String all;
    try {
      all = Files.readString(environment, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return false; // another user's, or gone
    }
    for (String entry : all.split("\0")) {
      if (entry.startsWith(MARK + "=")) {
        for (String one : entry.substring(MARK.length() + 1).split(",")) {
          // The mark of a worker ends where the entry does, that of a pool with a slash.
          if (one.equals(mark) || (mark.endsWith("/") && one.startsWith(mark))) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
