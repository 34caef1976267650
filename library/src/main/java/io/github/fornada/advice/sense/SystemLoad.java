package io.github.fornada.advice.sense;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How busy the machine is, and how much of it this program may use. On Linux it reads {@code /proc}
 * and the control groups; elsewhere, and where these cannot be read, most figures are NaN.
 *
 * <p>The kernel counts the time of processes and of the machine in steps of 10 ms, and the periods
 * of a quota in steps of 100 ms. So all figures but {@link Load#compilerCores}, which is a part of
 * {@link Load#busyCores}, are those of the latest tenth of a second or more, however soon the next
 * reading comes; in the first tenth they are NaN.
 *
 * <p>May be used by any thread. Each user creates one of its own: figures are those since the last
 * reading of that object.
 */
public final class SystemLoad implements AutoCloseable {
  /** The minimum time over which counters with coarse steps are compared. */
  private static final long COARSE_NANOS = 100_000_000;

  /** The steps of such counters; the same on all machines for programs, whatever the kernel's. */
  private static final double NANOS_PER_TICK = 1e7;

  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final Path root;
  private final Cgroup group;
  private final @Nullable BitSet allowed;
  private final JvmTasks tasks;
  private final ReentrantLock lock = new ReentrantLock();

  // All below is guarded by the lock.
  private final Map<Long, Long> workers = new HashMap<>();

  /** The processor time of workers that have ended is in it too. */
  private double workerNanos;

  /** Whether there was a reading: workers that are new after it began after it. */
  private boolean hasRead;

  private long lastAt;
  private double lastCompilers;
  private Coarse coarse;
  private double working = Double.NaN;
  private double collectors = Double.NaN;
  private double foreign = Double.NaN;
  private double stolen = Double.NaN;
  private double throttled = Double.NaN;
  private double pressure = Double.NaN;

  /**
   * Sums at one time, in nanoseconds but for the pressure; what is unknown is NaN or negative.
   *
   * @param own the processor time of this JVM
   * @param workers that of its workers
   * @param compilers the part of {@code own} that the just-in-time compilers take
   * @param watchers the part of {@code own} that watching takes
   */
  private record Coarse(
      long at,
      double own,
      double workers,
      double collectors,
      double compilers,
      double watchers,
      Machine machine,
      Cgroup.@Nullable Throttling throttling,
      long pressure) {}

  /**
   * Nanoseconds of all processors that may be used.
   *
   * @param busy negative if unknown
   */
  record Machine(double busy, double stolen) {}

  /** Creates one that measures from now on. */
  public SystemLoad() {
    this(Path.of("/"));
  }

  /** Reads the kernel's files below {@code root}. */
  SystemLoad(Path root) {
    this.root = root;
    this.group = Cgroup.of(root);
    this.allowed = allowed(ProcText.read(root.resolve("proc/self/status")));
    this.tasks = new JvmTasks(root);
    this.lastAt = System.nanoTime();
    tasks.update(lastAt);
    this.lastCompilers = compilers();
    this.coarse = coarse(lastAt);
  }

  /** Returns the load since the last reading, of a program without worker processes. */
  public Load read() {
    return read(List.of());
  }

  /**
   * Returns the load since the last reading.
   *
   * @param pids the process ids of the program's workers. Those of the first reading count from
   *     then on; one that comes later, from its start
   */
  public Load read(Collection<Long> pids) {
    lock.lock();
    try {
      addWorkers(pids);
      long now = System.nanoTime();
      tasks.update(now);
      if (now - coarse.at >= COARSE_NANOS) {
        compare(coarse(now));
      }
      double time = now - lastAt;
      double compiled = compilers();
      double compiling = time <= 0 ? Double.NaN : (compiled - lastCompilers) / time;
      var load =
          new Load(
              time,
              // Whoever subtracts the compilers' time gets that of the work: so of both the same.
              working + (Double.isNaN(compiling) ? 0 : compiling),
              foreign,
              stolen,
              throttled,
              pressure,
              collectors,
              compiling);
      lastAt = now;
      lastCompilers = compiled;
      return load;
    } finally {
      lock.unlock();
    }
  }

  private void addWorkers(Collection<Long> pids) {
    for (long pid : pids) {
      long nanos = processNanos(pid);
      Long before = workers.put(pid, nanos);
      if (before == null) {
        workerNanos += hasRead ? Math.max(0, nanos) : 0;
      } else if (nanos > before) {
        workerNanos += nanos - before;
      } else if (nanos < 0) {
        workers.put(pid, before);
      }
    }
    hasRead = true;
    if (workers.size() > pids.size()) {
      workers.keySet().retainAll(List.copyOf(pids));
    }
  }

  private static long processNanos(long pid) {
    return ProcessHandle.of(pid)
        .flatMap(process -> process.info().totalCpuDuration())
        .map(java.time.Duration::toNanos)
        .orElse(-1L);
  }

  private double compilers() {
    return tasks.isThere() ? tasks.compilerNanos() : Double.NaN;
  }

  private Coarse coarse(long now) {
    String stat = ProcText.read(root.resolve("proc/stat"));
    long own = SYSTEM.getProcessCpuTime();
    return new Coarse(
        now,
        own < 0 ? Double.NaN : own,
        workerNanos,
        tasks.isThere() ? tasks.collectorNanos() : Double.NaN,
        tasks.compilerNanos(),
        tasks.watcherNanos(),
        stat == null ? new Machine(-1, -1) : machine(stat, allowed),
        group.throttling(),
        group.pressureMicros(root.resolve("proc/pressure/cpu")));
  }

  private void compare(Coarse now) {
    Coarse before = coarse;
    coarse = now;
    double time = now.at - before.at;
    double ownPart = now.own - before.own;
    double program = ownPart + now.workers - before.workers;
    double aside = now.watchers - before.watchers + now.compilers - before.compilers;
    working = Math.max(0, program - aside) / time;
    collectors =
        ownPart <= 0 ? Double.NaN : Math.min(1, (now.collectors - before.collectors) / ownPart);
    if (now.machine.busy >= 0 && before.machine.busy >= 0) {
      stolen = Math.max(0, (now.machine.stolen - before.machine.stolen) / time);
      double others = now.machine.busy - before.machine.busy - program;
      foreign = Math.max(0, others / time) + stolen;
    }
    if (now.throttling != null && before.throttling != null) {
      long periods = now.throttling.periods() - before.throttling.periods();
      long held = now.throttling.throttled() - before.throttling.throttled();
      throttled = periods <= 0 ? 0 : Math.clamp((double) held / periods, 0, 1);
    }
    if (now.pressure >= 0 && before.pressure >= 0) {
      pressure = Math.clamp(1_000.0 * (now.pressure - before.pressure) / time, 0, 1);
    }
  }

  /**
   * Reads the text of {@code /proc/stat}.
   *
   * @param allowed the processors that count; null for all
   */
  static Machine machine(String stat, @Nullable BitSet allowed) {
    double busy = -1;
    double stolen = -1;
    for (String line : stat.split("\n", -1)) {
      if (!line.startsWith("cpu") || line.startsWith("cpu ")) {
        continue;
      }
      int space = line.indexOf(' ');
      int processor = (int) NativeThread.number(line.substring(3, space), 0);
      if (allowed != null && !allowed.get(processor)) {
        continue;
      }
      String counts = line.substring(space + 1);
      // user, nice, system; irq, softirq; not idle and iowait; steal apart. Guests are in user.
      double used = 0;
      for (int k : new int[] {0, 1, 2, 5, 6}) {
        used += Math.max(0, NativeThread.number(counts, k));
      }
      busy = Math.max(0, busy) + used * NANOS_PER_TICK;
      stolen = Math.max(0, stolen) + Math.max(0, NativeThread.number(counts, 7)) * NANOS_PER_TICK;
    }
    return new Machine(busy, stolen);
  }

  /**
   * Returns the processors that a process may use by the text of {@code /proc/self/status}; null if
   * unknown.
   */
  static @Nullable BitSet allowed(@Nullable String status) {
    String name = "Cpus_allowed_list:";
    int at = status == null ? -1 : status.indexOf(name);
    if (status == null || at < 0) {
      return null;
    }
    int end = status.indexOf('\n', at);
    String list = status.substring(at + name.length(), end < 0 ? status.length() : end).strip();
    var allowed = new BitSet();
    for (String range : list.split(",", -1)) {
      int dash = range.indexOf('-');
      int from = (int) NativeThread.number(dash < 0 ? range : range.substring(0, dash), 0);
      int to = dash < 0 ? from : (int) NativeThread.number(range.substring(dash + 1), 0);
      if (from < 0 || to < from) {
        return null;
      }
      allowed.set(from, to + 1);
    }
    return allowed;
  }

  /**
   * Returns how many processors this program can use: those it may run on, no more than its quota,
   * which may be a fraction, and no more than the JVM sees.
   */
  public static double usableCores() {
    return usableCores(Path.of("/"), Runtime.getRuntime().availableProcessors());
  }

  static double usableCores(Path root, int seen) {
    BitSet allowed = allowed(ProcText.read(root.resolve("proc/self/status")));
    double cores = allowed == null ? seen : Math.min(seen, allowed.cardinality());
    return Math.min(cores, Cgroup.of(root).quota());
  }

  @Override
  public void close() {
    lock.lock();
    try {
      tasks.close();
    } finally {
      lock.unlock();
    }
  }
}
