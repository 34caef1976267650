package io.github.fornada.stress;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** What this process has in hand, as the kernel and the JVM tell it. Linux only. */
final class Vitals {
  /** For what must happen soon; generous, because machines are busy. */
  private static final Duration SOON = Duration.ofSeconds(20);

  private static final Path SELF = Path.of("/proc/self");

  private Vitals() {}

  /** Bytes of live objects: what the heap holds after a full collection. */
  static long heapAfterGc() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Bytes of this process in memory. */
  static long residentBytes() {
    try {
      String pages = Files.readString(SELF.resolve("statm")).split(" ")[1];
      return Long.parseLong(pages) * 4096;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> descriptors() {
    var found = new ArrayList<String>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(SELF.resolve("fd"))) {
      for (Path each : all) {
        try {
          found.add(each.getFileName() + " -> " + Files.readSymbolicLink(each));
        } catch (NoSuchFileException e) {
          // The one that lists the others.
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  /** Threads of the library but its one timer, which lives as long as the JVM. */
  static List<String> poolThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("fornada-") && !name.equals("fornada-timer"))
        .toList();
  }

  /** Platform threads but the JDK's own reapers of processes, which stay for a minute. */
  static int threads() {
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> !thread.getName().startsWith("process reaper"))
            .count();
  }

  /** Processes below this one. */
  static List<String> descendants() {
    return ProcessHandle.current()
        .descendants()
        .map(process -> process.pid() + " " + process.info().commandLine().orElse("(ended)"))
        .toList();
  }

  /** Processes that carry the mark of one of this process's workers, wherever they hang now. */
  static List<String> marked() {
    String mark = "FORNADA_WORKER=fornada-" + ProcessHandle.current().pid() + "-";
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid -> pid != ProcessHandle.current().pid() && environment(pid).contains(mark))
        .map(pid -> "process " + pid)
        .toList();
  }

  private static String environment(long pid) {
    try {
      return new String(
          Files.readAllBytes(Path.of("/proc/" + pid + "/environ")),
          java.nio.charset.StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // gone, or another user's
    }
  }

  /** Folders of this process's pools. */
  static List<String> folders() {
    var found = new ArrayList<String>();
    for (String base : List.of("/dev/shm", "/tmp", System.getProperty("java.io.tmpdir"))) {
      String ours = "fornada-" + ProcessHandle.current().pid() + "-*";
      try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of(base), ours)) {
        all.forEach(each -> found.add(each.toString()));
      } catch (IOException e) {
        // no such place here
      }
    }
    return found;
  }

  /** Mappings of the pools' shared memory in this process; they go when they are collected. */
  static List<String> mappings() {
    System.gc();
    try (var lines = Files.lines(SELF.resolve("maps"))) {
      return lines.filter(line -> line.contains("/fornada-")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Notes what pools have left behind once all are closed. */
  static void checkNothingLeft(Findings findings, int descriptorsBefore) {
    expectNone(findings, "a process below this one", Vitals::descendants);
    expectNone(findings, "a process with a worker's mark", Vitals::marked);
    expectNone(findings, "a folder", Vitals::folders);
    expectNone(findings, "a thread", Vitals::poolThreads);
    expectNone(findings, "a mapping", Vitals::mappings);
    expectNone(
        findings,
        "more descriptors than before",
        () -> descriptors().size() <= descriptorsBefore ? List.of() : descriptors());
  }

  private static void expectNone(Findings findings, String what, Supplier<List<String>> look) {
    long deadline = System.nanoTime() + SOON.toNanos();
    List<String> left = look.get();
    while (!left.isEmpty() && System.nanoTime() < deadline) {
      java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
      left = look.get();
    }
    findings.check(
        left.isEmpty(),
        "left behind: %s: %d, such as %s",
        what,
        left.size(),
        left.subList(0, Math.min(3, left.size())));
  }
}
