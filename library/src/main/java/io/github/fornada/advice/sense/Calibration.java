package io.github.fornada.advice.sense;

import com.sun.management.OperatingSystemMXBean;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.advice.decide.Machine;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.ThreadPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Measures what the advisor must know of the machine, once, and keeps it in a file in the user's
 * cache folder: {@code $XDG_CACHE_HOME/fornada}, or {@code ~/.cache/fornada}, or its like on other
 * systems. There is one file for each kind of processor, number of processors and version of the
 * JVM. It contains figures only. Where it cannot be written, each program measures for itself.
 *
 * <p>How many cores can be used, and how much memory, is asked for each time: a container's limits
 * may change.
 *
 * <p>May be used by any thread.
 */
public final class Calibration {
  // What is taken for true until it is measured.
  private static final double WORKER_START_NANOS = 150e6; // measured once, on 2 cores with a cache
  private static final double WORKER_START_CPU_NANOS = 250e6; // Guess
  private static final double WORKER_BYTES = 64e6; // measured once: 46 to 57 MB at rest
  private static final double HAND_OVER_NANOS = 1_000; // Guess
  private static final double PROCESS_HAND_OVER_NANOS = 20_000; // measured once: 7 to 50 us
  private static final double NANOS_PER_BYTE = 0.5; // Guess
  private static final double MEMORY_SCALING = 1.5; // Guess

  /** More foreign load than this while measuring, in processors, makes the figures doubtful. */
  private static final double DISTURBED = 0.2; // Guess

  /** The longest that one part of the measuring waits for a worker. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final int SMALL_ITEMS = 300; // Guess: about 10 ms
  private static final int SENT_BYTES = 4 << 20;
  private static final int SENDS = 4;
  private static final int HANDED_ITEMS = 4_000;
  private static final int ROUNDS = 4;
  private static final int MEMORY_BYTES = 16 << 20; // for each of two threads

  /** The part of the memory that worker processes may use. */
  private static final double MEMORY_SHARE = 0.75;

  private static final Calibration OF_USER = new Calibration(folder());

  private final @Nullable Path folder;

  /** What is known; null until it is read or measured. Written by any thread. */
  private volatile @Nullable Figures figures;

  private volatile boolean isRead;

  /**
   * What is measured, in the units of {@link Machine}.
   *
   * @param disturbed whether other programs were busy meanwhile
   */
  record Figures(
      double workerBytes,
      double workerStartNanos,
      double workerStartCpuNanos,
      double handOverNanos,
      double processHandOverNanos,
      double nanosPerByte,
      double memoryScaling,
      boolean disturbed) {}

  private static final Figures GUESSES =
      new Figures(
          WORKER_BYTES,
          WORKER_START_NANOS,
          WORKER_START_CPU_NANOS,
          HAND_OVER_NANOS,
          PROCESS_HAND_OVER_NANOS,
          NANOS_PER_BYTE,
          MEMORY_SCALING,
          true);

  /** Uses this folder; null to keep nothing. */
  Calibration(@Nullable Path folder) {
    this.folder = folder;
  }

  /**
   * Returns what is known of the machine: what was measured, now or by an earlier program, or else
   * guesses. Measures nothing; reads a small file at most.
   */
  public static Machine machine() {
    return OF_USER.known();
  }

  /** Returns whether figures were measured, rather than guessed, while the machine was quiet. */
  public static boolean isMeasured() {
    return OF_USER.isQuietlyMeasured();
  }

  /**
   * Returns what was measured, and measures it first if no program has, or if other programs were
   * busy then. That takes about half a second, starts a worker process and keeps two processors
   * busy: not to be called while a job waits.
   *
   * @throws InterruptedException if the thread is interrupted meanwhile; nothing is kept then
   */
  public static Machine measured() throws InterruptedException {
    return OF_USER.measuredHere();
  }

  private static @Nullable Path folder() {
    String home = System.getProperty("user.home", "");
    String xdg = System.getenv("XDG_CACHE_HOME");
    String local = System.getenv("LOCALAPPDATA");
    String system = System.getProperty("os.name", "");
    if (xdg != null && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg, "fornada");
    }
    if (system.startsWith("Windows")) {
      return local == null || local.isEmpty() ? null : Path.of(local, "fornada");
    }
    if (home.isEmpty() || !Path.of(home).isAbsolute()) {
      return null;
    }
    return system.startsWith("Mac")
        ? Path.of(home, "Library", "Caches", "fornada")
        : Path.of(home, ".cache", "fornada");
  }

  // ---- of one folder

  Machine known() {
    readOnce();
    Figures found = figures;
    return machine(found == null ? GUESSES : found);
  }

  boolean isQuietlyMeasured() {
    readOnce();
    Figures found = figures;
    return found != null && !found.disturbed;
  }

  synchronized Machine measuredHere() throws InterruptedException {
    if (!isQuietlyMeasured()) {
      Figures found = measure();
      figures = found;
      write(found);
    }
    return known();
  }

  private static Machine machine(Figures figures) {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    int processors = Runtime.getRuntime().availableProcessors();
    return new Machine(
        processors,
        SystemLoad.usableCores(),
        (long) (MEMORY_SHARE * system.getTotalMemorySize()),
        (long) figures.workerBytes,
        figures.workerStartNanos,
        figures.workerStartCpuNanos,
        figures.handOverNanos,
        figures.processHandOverNanos,
        figures.nanosPerByte,
        figures.memoryScaling);
  }

  // ---- the file

  /** Returns what distinguishes machines whose figures differ. */
  private static String signature() {
    String info = ProcText.read(Path.of("/proc/cpuinfo"));
    String model = "";
    int at = info == null ? -1 : info.indexOf("model name");
    if (info != null && at >= 0) {
      int end = info.indexOf('\n', at);
      model = info.substring(at, end < 0 ? info.length() : end);
    }
    return String.join(
        "|",
        System.getProperty("os.name", ""),
        System.getProperty("os.arch", ""),
        Runtime.version().toString(),
        Integer.toString(Runtime.getRuntime().availableProcessors()),
        model);
  }

  private static Path file(Path folder) {
    return folder.resolve("machine-" + Integer.toHexString(signature().hashCode()) + ".txt");
  }

  private void readOnce() {
    if (isRead) {
      return;
    }
    if (folder != null) {
      String text = ProcText.read(file(folder));
      Figures found = text == null ? null : parse(text);
      if (found != null && figures == null) {
        figures = found;
      }
    }
    isRead = true;
  }

  /** Returns the figures in a file; null if it is none, or of another machine. */
  static @Nullable Figures parse(String text) {
    Map<String, String> lines = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      int at = line.indexOf('=');
      if (at > 0) {
        lines.put(line.substring(0, at), line.substring(at + 1));
      }
    }
    if (!signature().equals(lines.get("machine"))) {
      return null;
    }
    try {
      return new Figures(
          number(lines, "workerBytes"),
          number(lines, "workerStartNanos"),
          number(lines, "workerStartCpuNanos"),
          number(lines, "handOverNanos"),
          number(lines, "processHandOverNanos"),
          number(lines, "nanosPerByte"),
          number(lines, "memoryScaling"),
          !"false".equals(lines.get("disturbed")));
    } catch (NumberFormatException e) {
      return null; // cut off, or changed by hand: it is measured anew
    }
  }

  private static double number(Map<String, String> lines, String name) {
    double value = Double.parseDouble(lines.getOrDefault(name, ""));
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new NumberFormatException(name);
    }
    return value;
  }

  static String text(Figures figures) {
    return "machine="
        + signature()
        + "\nworkerBytes="
        + figures.workerBytes
        + "\nworkerStartNanos="
        + figures.workerStartNanos
        + "\nworkerStartCpuNanos="
        + figures.workerStartCpuNanos
        + "\nhandOverNanos="
        + figures.handOverNanos
        + "\nprocessHandOverNanos="
        + figures.processHandOverNanos
        + "\nnanosPerByte="
        + figures.nanosPerByte
        + "\nmemoryScaling="
        + figures.memoryScaling
        + "\ndisturbed="
        + figures.disturbed
        + "\n";
  }

  private void write(Figures found) {
    if (folder == null) {
      return;
    }
    try {
      Files.createDirectories(folder);
      Path written = Files.createTempFile(folder, "machine-", ".part");
      try {
        Files.writeString(written, text(found), StandardCharsets.ISO_8859_1);
        Files.move(
            written,
            file(folder),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(written);
      }
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "figures of this machine cannot be kept", e);
    }
  }

  // ---- measuring

  private static Figures measure() throws InterruptedException {
    try (var load = new SystemLoad()) {
      Figures ofWorkers = GUESSES;
      try {
        ofWorkers = ofWorkers();
      } catch (IllegalStateException
          | UncheckedIOException
          | ExecutionException
          | TimeoutException e) {
        // In a worker that may start none, or at the end of this JVM: then the guesses stay.
        Log.get().log(System.Logger.Level.DEBUG, "workers cannot be measured", e);
      }
      double handOver = handOver();
      double memoryScaling = memoryScaling();
      // NaN, on other systems than Linux, is not more than anything.
      boolean disturbed = load.read().foreignCores() > DISTURBED;
      return new Figures(
          ofWorkers.workerBytes,
          ofWorkers.workerStartNanos,
          ofWorkers.workerStartCpuNanos,
          handOver,
          ofWorkers.processHandOverNanos,
          ofWorkers.nanosPerByte,
          memoryScaling,
          disturbed);
    }
  }

  private static Figures ofWorkers()
      throws InterruptedException, ExecutionException, TimeoutException {
    long began = System.nanoTime();
    try (var pool = ProcessPool.open(o -> o.withWorkers(1))) {
      long _ = ask(pool, 0, Calibration::same);
      double start = System.nanoTime() - began;
      long pid = pool.stats().workers().getFirst().pid();
      double cpu =
          ProcessHandle.of(pid)
              .flatMap(process -> process.info().totalCpuDuration())
              .map(Duration::toNanos)
              .map(Long::doubleValue)
              .orElse(WORKER_START_CPU_NANOS);
      double bytes = residentBytes(pid);
      double handOver = Double.POSITIVE_INFINITY;
      for (int k = 0; k < SMALL_ITEMS; k++) {
        handOver = Math.min(handOver, (double) ask(pool, k, Calibration::same));
      }
      byte[] sent = new byte[SENT_BYTES];
      double send = Double.POSITIVE_INFINITY;
      for (int k = 0; k < SENDS; k++) {
        send = Math.min(send, (double) ask(pool, sent, Calibration::length));
      }
      double perByte = Math.max(0.01, (send - handOver) / SENT_BYTES);
      return new Figures(
          bytes, start, cpu > 0 ? cpu : WORKER_START_CPU_NANOS, 1, handOver, perByte, 1, false);
    }
  }

  private static <T> long ask(Pool pool, T item, TaskFunction<T, Integer> function)
      throws InterruptedException, ExecutionException, TimeoutException {
    long began = System.nanoTime();
    var _ = pool.submit(item, function).get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    return System.nanoTime() - began;
  }

  private static Integer same(Integer item) {
    return item;
  }

  private static Integer length(byte[] item) {
    return item.length;
  }

  private static double residentBytes(long pid) {
    String status = ProcText.read(Path.of("/proc", Long.toString(pid), "status"));
    int at = status == null ? -1 : status.indexOf("VmRSS:");
    if (status == null || at < 0) {
      return WORKER_BYTES;
    }
    String rest = status.substring(at + "VmRSS:".length()).strip();
    long kilobytes = NativeThread.number(rest, 0);
    return kilobytes <= 0 ? WORKER_BYTES : kilobytes * 1024.0;
  }

  /** Returns what an item costs that does nothing, in a pool of threads. */
  private static double handOver() throws InterruptedException {
    List<Integer> items = Collections.nCopies(HANDED_ITEMS, 1);
    double best = Double.POSITIVE_INFINITY;
    try (Pool pool = ThreadPool.open(o -> o.withWorkers(2))) {
      for (int k = 0; k < ROUNDS; k++) {
        long began = System.nanoTime();
        var _ = pool.map(items, Calibration::same);
        best = Math.min(best, (double) (System.nanoTime() - began) / HANDED_ITEMS);
      }
    }
    return Math.max(1, best);
  }

  /** Returns how much more memory two threads read than one, in the same time. */
  private static double memoryScaling() throws InterruptedException {
    if (SystemLoad.usableCores() < 2) {
      return 1;
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment one = arena.allocate(MEMORY_BYTES, Long.BYTES).fill((byte) 1);
      MemorySegment other = arena.allocate(MEMORY_BYTES, Long.BYTES).fill((byte) 2);
      double alone = Double.POSITIVE_INFINITY;
      double together = Double.POSITIVE_INFINITY;
      for (int k = 0; k < ROUNDS; k++) {
        alone = Math.min(alone, time(List.of(one)));
        together = Math.min(together, time(List.of(one, other)));
      }
      return Math.clamp(2 * alone / together, 1.0, 2.0);
    }
  }

  /** Returns the time in which as many threads read one segment each. */
  private static double time(List<MemorySegment> segments) throws InterruptedException {
    List<FutureTask<Long>> sums = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (MemorySegment segment : segments) {
      var sum = new FutureTask<Long>(() -> sum(segment));
      sums.add(sum);
      threads.add(OwnThreads.daemon("fornada-calibration").unstarted(sum));
    }
    long began = System.nanoTime();
    threads.forEach(Thread::start);
    try {
      for (FutureTask<Long> sum : sums) {
        var _ = sum.get();
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e); // it only adds
    }
    return System.nanoTime() - began;
  }

  private static long sum(MemorySegment segment) {
    long sum = 0;
    for (long at = 0; at < segment.byteSize(); at += Long.BYTES) {
      sum += segment.get(ValueLayout.JAVA_LONG, at);
    }
    return sum;
  }
}
