package io.github.fornada.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Ends what workers started and left behind. */
final class Offspring {
  private Offspring() {}

  /** Ends a process and everything below it. */
  static void kill(ProcessHandle process) {
    // The children first: once the parent is dead they can no longer be found through it.
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /**
   * Ends every process whose environment carries the mark: children whose parent died before them
   * no longer hang below it. Only where the system shows environments, as Linux does.
   *
   * @param mark the mark of one worker, or the beginning shared by all workers of a pool
   */
  static void killMarked(String mark) {
    Path proc = Path.of("/proc");
    if (!Files.isDirectory(proc)) {
      return;
    }
    byte[] wanted = (Launcher.MARK + "=" + mark).getBytes(StandardCharsets.UTF_8);
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        if (contains(process.resolve("environ"), wanted)) {
          long pid = Long.parseLong(String.valueOf(process.getFileName()));
          ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
      }
    } catch (IOException e) {
      System.getLogger("io.github.fornada")
          .log(System.Logger.Level.DEBUG, "/proc could not be read", e);
    }
  }

  private static boolean contains(Path environment, byte[] wanted) {
    byte[] all;
    try {
      all = Files.readAllBytes(environment);
    } catch (IOException e) {
      return false; // another user's, or gone
    }
    // Entries end with a zero byte; the mark of a worker ends there, that of a pool with its slash.
    int i = 0;
    while (i < all.length) {
      int end = i;
      while (end < all.length && all[end] != 0) {
        end++;
      }
      boolean prefix = wanted[wanted.length - 1] == '/';
      if (end - i >= wanted.length
          && (prefix || end - i == wanted.length)
          && java.util.Arrays.equals(all, i, i + wanted.length, wanted, 0, wanted.length)) {
        return true;
      }
      i = end + 1;
    }
    return false;
  }
}
