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
import org.jspecify.annotations.Nullable;

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

  /** The parents of those in {@link #cpuLastSeen}, when they were last seen; only on Linux. */
  private final Map<Long, Long> parents = new HashMap<>();

  /** What those used that have ended, and that is not in the time of a process that is there. */
  private long cpuOfEnded;

  private List<Long> descendants = List.of();
  private final long ownCpuAtStart = OWN.getProcessCpuTime();

  /** Counts from now on, without the processes {@code ignored}. */
  ProcessTree(Set<Long> ignored) {
    this.ignored = ignored;
    refresh();
    for (long pid : descendants) {
      long used = cpuNanos(pid);
      cpuAtFirstSight.put(pid, used);
      cpuLastSeen.put(pid, used);
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
    if (PROC) {
      settleEnded();
    }
  }

  /**
   * Counts those that have ended where their time is now: a process gets the time of its children
   * when it has waited for them, and with it what they have got so. This process does not.
   */
  private void settleEnded() {
    var present = new HashSet<>(descendants);
    var heirs = new HashMap<Long, Long>();
    for (long pid : cpuLastSeen.keySet()) {
      if (present.contains(pid)) {
        continue;
      }
      if (Files.notExists(Path.of("/proc/" + pid))) {
        heirs.put(pid, heir(pid, present));
      } else {
        // It goes on, and is no descendant any more: its parent has ended, and it has another one.
        var _ = stat(pid);
      }
    }
    heirs.forEach((pid, heir) -> {
      long atFirstSight = cpuAtFirstSight.getOrDefault(pid, 0L);
      long used = Math.max(0, cpuLastSeen.getOrDefault(pid, 0L) - atFirstSight);
      if (heir == SELF) {
        cpuOfEnded += used;
      } else {
        cpuAtFirstSight.merge(heir, atFirstSight, Long::sum);
      }
      cpuLastSeen.remove(pid);
      cpuAtFirstSight.remove(pid);
      parents.remove(pid);
    });
  }

  /** Returns the nearest ancestor that is there and counted; this process if there is none. */
  private long heir(long ended, Set<Long> present) {
    long pid = ended;
    for (int steps = 0; steps < parents.size(); steps++) { // numbers are used again
      pid = parents.getOrDefault(pid, SELF);
      if (present.contains(pid)) {
        return pid;
      }
    }
    return SELF;
  }

  /**
   * Returns the fields of what the system says of a process, the third one first, and notes its
   * parent; null if they cannot be read, because it has ended.
   */
  private String @Nullable [] stat(long pid) {
    try {
      String stat =
          Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
      // The name before them is in brackets and may contain spaces.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      parents.put(pid, Long.parseLong(fields[4 - 3]));
      return fields;
    } catch (IOException e) {
      return null;
    }
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
    long sum = OWN.getProcessCpuTime() - ownCpuAtStart + cpuOfEnded;
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
      // The name of the program need not be UTF-8.
      for (String line :
          Files.readAllLines(Path.of("/proc/" + pid + "/status"), StandardCharsets.ISO_8859_1)) {
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
      String[] fields = stat(pid);
      if (fields == null) {
        return cpuLastSeen.getOrDefault(pid, 0L); // it ended meanwhile
      }
      long ticks = 0;
      for (int field = 14; field <= 17; field++) { // utime, stime, cutime, cstime
        ticks += Long.parseLong(fields[field - 3]);
      }
      return ticks * TICK_NANOS;
    }
    return ProcessHandle.of(pid)
        .flatMap(process -> process.info().totalCpuDuration())
        .map(Duration::toNanos)
        .orElse(cpuLastSeen.getOrDefault(pid, 0L));
  }
}
