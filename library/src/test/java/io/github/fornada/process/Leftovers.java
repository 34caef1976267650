package io.github.fornada.process;

import io.github.fornada.Waiting;
import io.github.fornada.jvm.Listing;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.host.Reaper;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Looks for what a pool must not leave behind. */
public final class Leftovers {
  /** The deadline for what must happen soon; generous, because machines are busy. */
  public static final Duration SOON = Duration.ofSeconds(60);

  /** Threads that all pools, and all scopes, of this JVM share. */
  private static final Set<String> OF_THE_JVM =
      Set.of("fornada-timer", "fornada-scope-timer", "fornada-text");

  private Leftovers() {}

  /** Returns the worker JVMs below this process, and every process with a worker's mark. */
  static List<ProcessHandle> marked(String mark) {
    var found = new ArrayList<ProcessHandle>();
    ProcessHandle.allProcesses()
        .filter(process -> process.pid() != ProcessHandle.current().pid())
        .filter(process -> environment(process.pid()).contains(Reaper.MARK + "=" + mark))
        .forEach(found::add);
    return found;
  }

  /** Worker JVMs of one pool, and what they have started. */
  static List<ProcessHandle> marked(ProcessPool pool) {
    return marked(pool.engine.directory().getFileName() + "/");
  }

  /** The private folders of one pool that is open. */
  static List<Path> folders(ProcessPool pool) throws IOException {
    Path first = pool.engine.directory();
    Path link = first.resolve(PrivateDirectory.OVERFLOW);
    return Files.isSymbolicLink(link)
        ? List.of(first, Files.readSymbolicLink(link))
        : List.of(first);
  }

  /** Deletes a folder and the files in it, as systemd-tmpfiles and tmpwatch do. */
  static void deleteFolder(Path folder) throws IOException {
    deleteFiles(folder);
    Files.delete(folder);
  }

  /** Deletes the files in a folder. */
  static void deleteFiles(Path folder) throws IOException {
    for (Path file : Listing.of(folder, "*")) {
      Files.deleteIfExists(file); // the pool deletes its own too
    }
  }

  private static String environment(long pid) {
    try {
      return Files.readString(
          Path.of("/proc/" + pid + "/environ"), java.nio.charset.StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  /** Private folders of pools of the process with this id. */
  static List<Path> folders(long pid) {
    var found = new ArrayList<Path>();
    for (String base : List.of("/dev/shm", System.getProperty("java.io.tmpdir"))) {
      try (DirectoryStream<Path> all =
          Files.newDirectoryStream(Path.of(base), "fornada-" + pid + "-*")) {
        all.forEach(found::add);
      } catch (IOException e) {
        // the folder does not exist here
      }
    }
    return found;
  }

  /** Nothing of the pools of a process is left: no process, no folder. */
  public static void assertNone(long pid) {
    Waiting.until(
        "no worker process is left", SOON, () -> marked("fornada-" + pid + "-").isEmpty());
    Waiting.until("no folder is left", SOON, () -> folders(pid).isEmpty());
  }

  static List<String> poolThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("fornada-") && !OF_THE_JVM.contains(name))
        // A thread in a deadlock of user code stays forever, and has no pool any more.
        .filter(name -> !name.endsWith("-abandoned"))
        .toList();
  }
}
