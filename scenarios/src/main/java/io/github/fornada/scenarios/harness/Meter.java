package io.github.fornada.scenarios.harness;

import com.sun.management.OperatingSystemMXBean;
import io.github.fornada.Pool;
import io.github.fornada.process.ProcessPool;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Memory and processor time of this JVM and of the workers of one pool while a run goes on. Read
 * from {@code /proc}; elsewhere they are not known.
 */
final class Meter implements AutoCloseable {
  private static final OperatingSystemMXBean OWN =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final boolean PROC = Files.isReadable(Path.of("/proc/self/status"));

  /** Kernel ticks in a second: USER_HZ, which is 100 on every Linux that Java runs on. */
  private static final long TICK_NANOS = 10_000_000;

  private static final long SAMPLE_NANOS = 10_000_000;

  private final List<Long> workers;
  private final long cpuAtStart;
  private final long wallAtStart;
  private final Thread sampler;
  private volatile boolean stopped;
  // Written by the sampler; read after it has ended.
  private long peak = -1;

  private Meter(List<Long> workers) {
    this.workers = workers;
    this.cpuAtStart = cpuNanos();
    this.wallAtStart = System.nanoTime();
    this.sampler = Thread.ofPlatform().daemon().name("scenarios-meter").unstarted(this::sample);
  }

  /** Begins to measure. */
  static Meter start(@Nullable Pool pool) {
    List<Long> workers =
        pool instanceof ProcessPool processes
            ? processes.stats().workers().stream().map(w -> w.pid()).filter(p -> p > 0).toList()
            : List.of();
    var meter = new Meter(workers);
    meter.sampler.start();
    return meter;
  }

  private void sample() {
    while (true) {
      Resident sum = Resident.of("self");
      for (long pid : workers) {
        sum = sum.and(Resident.of(String.valueOf(pid)));
      }
      peak = Math.max(peak, PROC ? sum.own() + sum.shared() : -1);
      if (stopped) {
        return;
      }
      LockSupport.parkNanos(this, SAMPLE_NANOS);
    }
  }

  /**
   * Resident memory of processes.
   *
   * @param own pages of one process alone, in bytes
   * @param shared pages of files and of shared memory, in bytes; most of them are the same in all
   *     the processes, so the largest amount stands for all
   */
  private record Resident(long own, long shared) {
    static Resident of(String pid) {
      if (!PROC) {
        return new Resident(0, 0);
      }
      try {
        // In kB, and not in pages as in statm: they are not of the same size everywhere.
        long own = 0;
        long shared = 0;
        for (String line :
            Files.readAllLines(Path.of("/proc", pid, "status"), StandardCharsets.ISO_8859_1)) {
          if (line.startsWith("RssAnon:")) { // "RssAnon:    84212 kB"
            own = bytes(line);
          } else if (line.startsWith("RssFile:") || line.startsWith("RssShmem:")) {
            shared += bytes(line);
          }
        }
        return new Resident(own, shared);
      } catch (IOException e) {
        return new Resident(0, 0); // it has ended
      }
    }

    private static long bytes(String line) {
      return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
    }

    Resident and(Resident other) {
      return new Resident(own + other.own, Math.max(shared, other.shared));
    }
  }

  private long cpuNanos() {
    long sum = OWN.getProcessCpuTime();
    for (long pid : workers) {
      sum += cpuNanos(pid);
    }
    return sum;
  }

  private static long cpuNanos(long pid) {
    if (!PROC) {
      return 0;
    }
    try {
      String stat =
          Files.readString(
              Path.of("/proc", String.valueOf(pid), "stat"), StandardCharsets.ISO_8859_1);
      // The name is in brackets and may contain spaces; utime and stime are fields 14 and 15.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_NANOS;
    } catch (IOException e) {
      return 0; // it has ended
    }
  }

  /** Returns the busy cores since the start; NaN where the time of workers is not known. */
  double busyCores() {
    if (!PROC && !workers.isEmpty()) {
      return Double.NaN;
    }
    double wall = Math.max(1, System.nanoTime() - wallAtStart);
    return (cpuNanos() - cpuAtStart) / wall;
  }

  /** Returns the peak of resident memory; call it after {@link #close}. */
  long peakBytes() {
    return peak;
  }

  @Override
  public void close() {
    stopped = true;
    LockSupport.unpark(sampler);
    boolean interrupted = false;
    while (true) {
      try {
        sampler.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // the sampler ends at once; then the caller hears of it
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
