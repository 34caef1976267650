package io.github.fornada.cli;

import com.sun.management.OperatingSystemMXBean;
import io.github.fornada.process.host.Reaper;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Memory and processor time of this process and of its descendants. On Linux they are read from
 * {@code /proc}; elsewhere memory is not known.
 *
 * <p>For one thread.
 */
final class ProcessTree {
  /** Stands for a figure that is not available here. */
  static final long UNKNOWN = -1;

  private static final long SELF = ProcessHandle.current().pid();
  private static final OperatingSystemMXBean OWN =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final boolean PROC = Files.isReadable(Path.of("/proc/self/status"));

  /** Kernel ticks in a second: USER_HZ, which is 100 on every Linux that Java runs on. */
  private static final long TICK_NANOS = 10_000_000;

  private final Set<Long> ignored;
  private final Map<Long, Long> cpuAtFirstSight = new HashMap<>();
  private final Map<Long, Long> cpuLastSeen = new HashMap<>();
  private List<Long> descendants = List.of();
  private final long ownCpuAtStart = OWN.getProcessCpuTime();

  /** Counts from now on, without the processes {@code ignored}. */
  ProcessTree(Set<Long> ignored) {
    this.ignored = ignored;
    refresh();
    for (long pid : descendants) {
      cpuAtFirstSight.put(pid, cpuNanos(pid));
    }
  }

  /** Returns the present descendants of this process. */
  static Set<Long> descendantsNow() {
    var pids = new HashSet<Long>();
    Reaper.descendants(ProcessHandle.current()).forEach(process -> pids.add(process.pid()));
    return pids;
  }

  /**
   * Updates the list of processes. It reads all of {@code /proc}, so it is not called for every
   * sample.
   */
  void refresh() {
    descendants = descendantsNow().stream().filter(pid -> !ignored.contains(pid)).sorted().toList();
  }

  /**
   * Returns the resident memory of all the processes together, in bytes. A page counts as often as
   * it is mapped.
   */
  long residentBytes() {
    if (!PROC) {
      return UNKNOWN;
    }
    long sum = residentBytes(SELF);
    for (long pid : descendants) {
      sum += residentBytes(pid);
      cpuLastSeen.put(pid, cpuNanos(pid));
    }
    return sum;
  }

  /**
   * Returns the processor time used since the start by all processes that were seen, in
   * nanoseconds.
   */
  long cpuNanos() {
    long sum = OWN.getProcessCpuTime() - ownCpuAtStart;
    for (long pid : descendants) {
      cpuLastSeen.put(pid, cpuNanos(pid));
    }
    for (Map.Entry<Long, Long> seen : cpuLastSeen.entrySet()) {
      sum += Math.max(0, seen.getValue() - cpuAtFirstSight.getOrDefault(seen.getKey(), 0L));
    }
    return sum;
  }

  /**
   * Returns the idle time of all processors of the machine together, since its start, in
   * nanoseconds.
   */
  static long machineIdleNanos() {
    try {
      if (PROC) {
        // "cpu  user nice system idle iowait ..."
        String line = Files.readAllLines(Path.of("/proc/stat")).getFirst();
        String[] fields = line.split(" +");
        return (Long.parseLong(fields[4]) + Long.parseLong(fields[5])) * TICK_NANOS;
      }
    } catch (IOException e) {
      return UNKNOWN; // not available here
    }
    return UNKNOWN;
  }

  private static long residentBytes(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
        if (line.startsWith("VmRSS:")) { // "VmRSS:     84212 kB"
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
      return 0; // it has ended, and its parent has not collected its exit code
    } catch (IOException e) {
      return 0; // it ended meanwhile
    }
  }

  /** Returns the process's own time and that of the children it has waited for. */
  private long cpuNanos(long pid) {
    if (PROC) {
      try {
        String stat =
            Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
        // The name is in brackets and may contain spaces; utime, stime, cutime, cstime are 14 to
        // 17.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        long ticks = 0;
        for (int field = 14; field <= 17; field++) {
          ticks += Long.parseLong(fields[field - 3]);
        }
        return ticks * TICK_NANOS;
      } catch (IOException e) {
        return cpuLastSeen.getOrDefault(pid, 0L); // it ended meanwhile
      }
    }
    return ProcessHandle.of(pid)
        .flatMap(process -> process.info().totalCpuDuration())
        .map(Duration::toNanos)
        .orElse(cpuLastSeen.getOrDefault(pid, 0L));
  }
}
