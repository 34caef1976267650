package io.github.fornada.process.launch;

import io.github.fornada.process.host.Entrance;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.host.OrphanGuard;
import io.github.fornada.process.host.Reaper;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Starts worker JVMs, with the same JDK, class path and module options as this JVM, and their own
 * heap.
 */
public final class Launcher {
  /** Environment variables that every JVM reads as if they were on its command line. */
  static final List<String> OPTION_VARIABLES =
      List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH");

  /** Options that do not matter to a cache. */
  private static final List<String> NO_MATTER_TO_CACHE =
      List.of("-D", "-Xm", "-Xss", "-Xlog", "-XX:MaxMetaspaceSize");

  /**
   * An option that the command gives every worker, and that is no reason for one not to start: see
   * {@link #suspects}.
   */
  private static final String HEADLESS = "-Djava.awt.headless=true";

  /** From this heap size on the JVM cannot compress its pointers. */
  private static final long LARGE_HEAP = 32L << 30;

  /** JDK 25 fails with a cache and an initial heap of 2 MB, and not with one of 4 MB. */
  private static final long TINY_HEAP = 16L << 20;

  /** Options that say how large a heap is at first, or at most. */
  private static final List<String> HEAP_LIMITS =
      List.of("-Xms", "-Xmx", "-XX:InitialHeapSize=", "-XX:MaxHeapSize=");

  /** The minimum heap of a worker if no heap size was chosen. */
  private static final long MIN_HEAP = 64L << 20;

  /**
   * The memory that a worker takes in addition to its heap: for its JVM, classes, threads and
   * compiled code.
   */
  private static final long BESIDES_HEAP = 64L << 20; // Guess: at rest 46 to 57 MB, heap included

  /** Below this heap size the JDK may have taken half of the memory. */
  private static final long SMALL_HEAP = 256L << 20;

  /**
   * The initial heap of a worker, or its maximum if that is smaller. The serial collector gives a
   * third of it to new objects, and does not enlarge that third until the rest is full. Too small a
   * third lets objects that die soon reach the old generation. Pages that were never used cost no
   * memory. Measured: docs/decisions/0038-a-young-generation-for-real-tasks.md.
   */
  private static final String INITIAL_HEAP = "960m";

  /** Parts of JVM options that set sizes of the heap. */
  private static final List<String> HEAP_SIZES =
      List.of("-Xm", "Heap", "RAM", "NewSize", "NewRatio", "-XX:Flags", "-XX:VMOptionsFile");

  /**
   * Methods are first compiled after five times as many calls as by default. A booting JVM calls
   * most methods less often than that, and compiling them took more processor time than running
   * them. Loops, and later compilations, keep the JVM's own thresholds.
   */
  private static final List<String> BOOT =
      List.of(
          "-XX:Tier3InvocationThreshold=1000",
          "-XX:Tier3MinInvocationThreshold=500",
          "-XX:Tier3CompileThreshold=5000");

  /**
   * An option that G1 has by default and the serial collector has not: compiled counted loops get a
   * safepoint poll every thousand iterations. Without it the stack of a task over its timeout
   * cannot be taken, and no other thread runs while a garbage collection waits for the loop.
   */
  private static final List<String> INTERRUPTIBLE_LOOPS =
      List.of("-XX:+UseCountedLoopSafepoints", "-XX:LoopStripMiningIter=1000");

  private final LaunchSettings settings;
  private final Path directory;
  private @Nullable String heap; // guarded by this; computed when first needed

  /** Written when first needed. */
  private @Nullable Path arguments; // guarded by this

  private boolean isCacheInUse; // guarded by this
  private boolean cacheFailed; // guarded by this

  /** The cache, found when the arguments are written; null for none. */
  private @Nullable AotCache cache; // guarded by this

  private final OrphanGuard guard;

  public Launcher(LaunchSettings settings, Path directory, OrphanGuard guard) {
    this.guard = guard;
    this.settings = settings;
    this.directory = directory;
    this.heap = settings.heap();
  }

  /** Returns the maximum heap of a worker, in the form of {@code -Xmx}. */
  public synchronized String heap() {
    String known = heap;
    if (known == null) {
      known = Math.max(MIN_HEAP >> 20, (quarterOfMemory() / settings.workers()) >> 20) + "m";
      heap = known;
    }
    return known;
  }

  /**
   * Returns how many workers with this heap fit in this machine, or its container; {@code heap} is
   * null for the default.
   */
  public static int defaultWorkers(@Nullable String heap) {
    int processors = Runtime.getRuntime().availableProcessors();
    long each = heap == null ? MIN_HEAP : MemorySizes.parse("heap", heap);
    // The heap limit of this JVM is a lower bound of the memory. It may make the query unnecessary,
    // which may take 40 ms.
    long atLeast = Runtime.getRuntime().maxMemory();
    int fit = fit(processors, atLeast, each);
    return fit == processors ? fit : fit(processors, 4 * quarterOfMemory(), each);
  }

  /** Returns how many workers, at least 1, fit into three quarters of the memory. */
  static int fit(int processors, long memory, long heap) {
    return Math.clamp(memory / 4 * 3 / (heap + BESIDES_HEAP), 1, processors);
  }

  /**
   * Returns a quarter of the memory, as the JDK would take for one JVM, here for all workers
   * together.
   */
  private static long quarterOfMemory() {
    long own = Runtime.getRuntime().maxMemory();
    // This JVM's own heap limit is a quarter of the memory, unless it was set, or the memory is
    // very small or large. The management bean knows the memory, but takes 40 ms in a fresh
    // program.
    if (own > SMALL_HEAP && own < LARGE_HEAP / 2 && !InheritedOptions.isHeapChosen()) {
      return own;
    }
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getTotalMemorySize()
        / 4;
  }

  /** Returns the launcher of the JDK that this JVM runs on. */
  public static String java() {
    return Path.of(System.getProperty("java.home", ""), "bin", "java").toString();
  }

  /** Returns the mark of a worker, which its children inherit in their environment. */
  public String mark(int number) {
    return directory.getFileName() + "/" + number;
  }

  /**
   * Starts the JVM of a worker, which waits until {@link #invite} tells it its pool on its standard
   * input.
   */
  public Process start(int number) throws IOException {
    return start(number, new ProcessBuilder(java(), "@" + arguments()));
  }

  /** Starts the JVM of a worker for the reserve, which warms up before it waits. */
  public Process startForReserve(int number) throws IOException {
    return start(
        number,
        new ProcessBuilder(
            java(), "@" + arguments(), directory.resolve("warm-up-" + number).toString()));
  }

  private Process start(int number, ProcessBuilder builder) throws IOException {
    // Every JVM reads these as if they were on its command line, agents and debuggers included.
    // Workers get the options among them that they need with this JVM's other options.
    for (String name : OPTION_VARIABLES) {
      var _ = builder.environment().remove(name);
    }
    builder.environment().putAll(settings.environment());
    // A worker of a worker has both marks, so that it is killed when either ends.
    String outer = System.getenv(Reaper.MARK);
    builder.environment().put(Reaper.MARK, (outer == null ? "" : outer + ",") + mark(number));
    Path home = settings.directory();
    if (home != null) {
      builder.directory(home.toFile());
    }
    try {
      Process started = builder.start();
      try {
        guard.add(started);
      } catch (RuntimeException | Error e) { // such as a full heap: nobody else knows of it
        var _ = started.destroyForcibly();
        throw e;
      }
      return started;
    } catch (IOException e) {
      throw new IOException(
          "a worker JVM could not be started with " + java() + ": " + e.getMessage(), e);
    }
  }

  /** Returns whether workers with these settings would be started in exactly the same way. */
  public boolean startsTheSame(LaunchSettings others) {
    return heap().equals(new Launcher(others, directory, guard).heap())
        && settings.jvmOptions().equals(others.jvmOptions())
        && settings.environment().equals(others.environment())
        && Objects.equals(settings.directory(), others.directory())
        && settings.aotCache() == others.aotCache();
  }

  /**
   * Makes an entrance for a worker that was started, and tells it where that is.
   *
   * @throws IOException if there is no way to let it in
   */
  public static Entrance invite(Process process, int number, HandshakeServer server)
      throws IOException {
    String token = HandshakeServer.newToken();
    Entrance entrance = server.expect(number, token);
    try {
      tell(process, token, number, entrance.path());
    } catch (RuntimeException | Error e) { // such as a full heap
      entrance.close();
      throw e;
    }
    return entrance;
  }

  /**
   * Sends a worker its token, its number and the path of its entrance. They are not on its command
   * line, which every user can read, and which is older than the pool if the worker comes from a
   * reserve.
   */
  private static void tell(Process process, String token, int number, Path entrance) {
    try (var stdin = process.getOutputStream()) {
      String line = token + " " + number + " " + entrance + "\n";
      stdin.write(line.getBytes(HandshakeServer.PLATFORM_CHARSET));
    } catch (IOException e) {
      // It is dead already; its exit code says why.
    }
  }

  /**
   * Returns the file with the arguments that all workers share. In a file, because a class path may
   * be too long for a command line, and because other users must not read it.
   */
  private synchronized Path arguments() throws IOException {
    Path file = arguments;
    if (file != null
        && Files.exists(file) // false if the folder was deleted from outside
        && (isCacheInUse || cache == null || !cache.isReady())) {
      return file;
    }
    List<String> flags = ownFlags();
    List<String> inherited = settings.alone() ? List.of() : InheritedOptions.options();
    if (file == null && !cacheFailed) {
      cache = findCache(flags, inherited);
    }
    AotCache used = cache != null && cache.isReady() ? cache : null;
    if (cache != null && used == null && AotCache.mayBeMade()) {
      cache.makeLater();
    }
    // Another name, because the java launcher of a worker may still be reading the previous file.
    file = directory.resolve(used == null ? "arguments" : "arguments-aot");
    var text = new StringBuilder();
    for (String argument : list(flags, inherited, used)) {
      text.append(quoted(argument)).append('\n');
    }
    Files.writeString(file, text, HandshakeServer.PLATFORM_CHARSET);
    arguments = file;
    isCacheInUse = used != null;
    return file;
  }

  private List<String> ownFlags() {
    return ownFlags(settings.jvmOptions());
  }

  /** Returns the options that every worker gets in addition to those that its pool asks for. */
  static List<String> ownFlags(List<String> jvmOptions) {
    var flags = new ArrayList<String>();
    if (!choosesCollector(jvmOptions)) {
      flags.add("-XX:+UseSerialGC"); // needs the least memory, and no threads of its own
    }
    // other JVMs do not know these options
    if (System.getProperty("java.vm.name", "").contains("Server")) {
      flags.addAll(INTERRUPTIBLE_LOOPS);
    }
    return flags;
  }

  /** Returns the cache that these workers may start from; null for none. */
  private @Nullable AotCache findCache(List<String> flags, List<String> inherited) {
    return settings.aotCache() && !startsTiny()
        ? AotCache.of(flagsForCache(flags, inherited), suspects())
        : null;
  }

  /** Creates the cache for workers with these settings now, and starts no workers. */
  public static boolean makeCache(LaunchSettings settings) throws InterruptedException {
    Path none = Path.of("");
    var launcher = new Launcher(settings, none, new OrphanGuard(none));
    AotCache cache = launcher.findCache(launcher.ownFlags(), InheritedOptions.options());
    return cache != null && cache.makeNow();
  }

  /**
   * Called when a worker did not start. If it used a cache, the next workers do not.
   *
   * @param exited whether it ended by itself while it booted, rather than being slow or ended by
   *     the program's own code
   */
  public synchronized void startFailed(boolean exited) {
    if (isCacheInUse && cache != null) {
      cache.distrust(exited);
      cache = null;
      isCacheInUse = false;
      arguments = null;
      cacheFailed = true;
    }
  }

  /**
   * Returns the options that a cache depends on: properties do not matter to it, nor does the size
   * of a heap of usual size.
   */
  private List<String> flagsForCache(List<String> flags, List<String> inherited) {
    var all = new ArrayList<>(flags);
    for (List<String> some : List.of(inherited, settings.jvmOptions())) {
      for (String flag : some) {
        if (mattersToCache(flag)) {
          all.add(flag);
        }
      }
    }
    if (MemorySizes.parse("heap", heap()) >= LARGE_HEAP) {
      all.add("-XX:-UseCompressedOops");
    }
    return all;
  }

  private static boolean mattersToCache(String flag) {
    for (String prefix : NO_MATTER_TO_CACHE) {
      if (flag.startsWith(prefix)) {
        return false;
      }
    }
    return true;
  }

  private List<String> list(List<String> flags, List<String> inherited, @Nullable AotCache used)
      throws IOException {
    var list = new ArrayList<String>();
    list.add("-Xmx" + heap());
    if (!choosesCollector(settings.jvmOptions()) && !choosesHeapSizes(settings.jvmOptions())) {
      list.add("-Xms" + initialHeap(heap()));
    }
    list.addAll(flags);
    list.add("-XX:-UsePerfData"); // so that no file is left in the temporary folder
    list.add("-XX:-CreateCoredumpOnCrash");
    list.add("-XX:ErrorFile=" + crashLog("%p"));
    list.add(HEADLESS);
    list.addAll(BOOT);
    list.addAll(inherited);
    if (used != null) {
      list.addAll(used.options());
    }
    list.addAll(settings.jvmOptions());
    list.add("--class-path");
    list.add(
        InheritedOptions.classPath(directory, used == null ? null : used.jar(), settings.alone()));
    list.add(BootstrapJar.className(BootstrapJar.WORKER));
    return list;
  }

  /**
   * Returns the options of these workers that their cache's key leaves out, and that could be why
   * one of them does not start with it. Workers without them are not to pay for that.
   */
  private List<String> suspects() {
    var all = new ArrayList<String>();
    if (MemorySizes.parse("heap", heap()) < MIN_HEAP) {
      all.add("-Xmx" + heap());
    }
    for (String option : settings.jvmOptions()) {
      if (!mattersToCache(option) && !option.equals(HEADLESS)) {
        all.add(option);
      }
    }
    return all;
  }

  /**
   * Returns whether the heap may be too small, at first or at most, for the objects that a cache
   * contains: such a JVM fails to start.
   */
  private boolean startsTiny() {
    if (isTiny(heap())) {
      return true;
    }
    for (String option : settings.jvmOptions()) {
      for (String prefix : HEAP_LIMITS) {
        if (option.startsWith(prefix) && isTiny(option.substring(prefix.length()))) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isTiny(String size) {
    try {
      return MemorySizes.parse("heap", size) < TINY_HEAP;
    } catch (IllegalArgumentException e) {
      return true; // in a form that is not known here
    }
  }

  /** Returns the initial heap of a worker with this maximum. */
  static String initialHeap(String most) {
    return MemorySizes.parse("heap", most) < MemorySizes.parse("initial heap", INITIAL_HEAP)
        ? most
        : INITIAL_HEAP;
  }

  /** Returns whether an option sets a size that a chosen initial heap could contradict. */
  private static boolean choosesHeapSizes(List<String> jvmOptions) {
    for (String option : jvmOptions) {
      for (String part : HEAP_SIZES) {
        if (option.contains(part)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean choosesCollector(List<String> jvmOptions) {
    for (String option : jvmOptions) {
      if (option.startsWith("-XX:+Use") && option.endsWith("GC")) {
        return true;
      }
    }
    return false;
  }

  /** Returns the path at which a worker that crashes writes the JVM's own report. */
  public static Path crashLog(String pid) {
    return Path.of(System.getProperty("java.io.tmpdir"), "fornada-hs_err_pid" + pid + ".log");
  }

  /** Returns {@code argument} quoted as in the java launcher's argument files. */
  private static String quoted(String argument) {
    return '"'
        + argument
            .replace("\\", "\\\\")
            .replace("\"", "\\\"")
            .replace("\n", "\\n")
            .replace("\r", "\\r")
        + '"';
  }
}
