package io.github.fornada.stress;

import io.github.fornada.process.ProcessPool;
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
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** The resources of this process, as the kernel and the JVM report them. Linux only. */
public final class Vitals {
  /** The deadline for events that must happen soon; generous, because machines are busy. */
  private static final Duration SOON = Duration.ofSeconds(20);

  private static final Path SELF = Path.of("/proc/self");

  /** The JDK's source of random numbers. */
  private static final Set<String> OPENED_ONCE = Set.of("/dev/random", "/dev/urandom");

  private Vitals() {}

  /** Returns the bytes of live objects: the heap in use after a full collection. */
  static long heapAfterGc() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Returns the resident bytes of this process. */
  static long residentBytes() {
    try {
      String pages = Files.readString(SELF.resolve("statm")).split(" ")[1];
      return Long.parseLong(pages) * 4096;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns the open descriptors of this process, with what they are of: without the files that the
   * JDK opens once, and without the folder that is read for this.
   */
  public static List<String> descriptors() {
    var found = new ArrayList<String>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(SELF.resolve("fd"))) {
      for (Path each : all) {
        try {
          String of = Files.readSymbolicLink(each).toString();
          if (!OPENED_ONCE.contains(of) && !of.endsWith("/fd")) {
            found.add(each.getFileName() + " -> " + of);
          }
        } catch (NoSuchFileException e) {
          // the descriptor that lists the others
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  /** Returns the same once a first pool has loaded what stays open, such as the jimage file. */
  static List<String> descriptorsAfterFirstPool() throws InterruptedException {
    try (var pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"))) {
      var _ = pool.map(IntStream.range(0, 4).boxed().toList(), i -> i + 1);
    }
    return descriptors();
  }

  /** Returns the threads of the library, without its timer, which lives as long as the JVM. */
  static List<String> poolThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("fornada-") && !name.equals("fornada-timer"))
        .toList();
  }

  /** Returns the platform threads, without the JDK's process reapers, which stay for a minute. */
  static int threads() {
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> !thread.getName().startsWith("process reaper"))
            .count();
  }

  /** Returns the descendants of this process. */
  static List<String> descendants() {
    return ProcessHandle.current()
        .descendants()
        .map(process -> process.pid() + " " + process.info().commandLine().orElse("(ended)"))
        .toList();
  }

  /**
   * Returns the processes with the mark of a worker of this process, whatever their parent is now.
   */
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
      return ""; // the process has ended, or is another user's
    }
  }

  /** Returns the folders of this process's pools. */
  static List<String> folders() {
    var found = new ArrayList<String>();
    for (String base : List.of("/dev/shm", "/tmp", System.getProperty("java.io.tmpdir"))) {
      String ours = "fornada-" + ProcessHandle.current().pid() + "-*";
      try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of(base), ours)) {
        all.forEach(each -> found.add(each.toString()));
      } catch (IOException e) {
        // the folder does not exist here
      }
    }
    return found;
  }

  /**
   * Returns this process's mappings of the pools' shared memory; they end by garbage collection.
   */
  static List<String> mappings() {
    System.gc();
    try (var lines = Files.lines(SELF.resolve("maps"))) {
      return lines.filter(line -> line.contains("/fornada-")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Records what pools have left behind once all are closed. */
  public static void checkNothingLeft(Findings findings, List<String> descriptorsBefore) {
    expectNone(findings, "a process below this one", Vitals::descendants);
    expectNone(findings, "a process with a worker's mark", Vitals::marked);
    expectNone(findings, "a folder", Vitals::folders);
    expectNone(findings, "a thread", Vitals::poolThreads);
    expectNone(findings, "a mapping", Vitals::mappings);
    expectNone(
        findings, "more descriptors than before", () -> added(descriptorsBefore, descriptors()));
  }

  /** Returns what is new; nothing if there are no more than before. */
  private static List<String> added(List<String> before, List<String> now) {
    if (now.size() <= before.size()) {
      return List.of();
    }
    var added = new ArrayList<String>(now);
    added.removeAll(before);
    return added;
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
