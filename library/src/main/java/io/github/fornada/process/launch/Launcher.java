package io.github.fornada.process.launch;

import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.host.OrphanGuard;
import io.github.fornada.process.host.Reaper;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Modifier;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Starts worker JVMs: the same JDK, class path and module options as this JVM, a heap of their own.
 */
public final class Launcher {
  /** Environment variables that every JVM reads as if they stood on its command line. */
  static final List<String> OPTION_VARIABLES =
      List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH");

  /** Options that a cache serves whatever they say. */
  private static final List<String> NO_MATTER_TO_CACHE = List.of("-D", "-Xm", "-Xss", "-Xlog");

  /** Where the JVM can no longer compress its pointers. */
  private static final long LARGE_HEAP = 32L << 30;

  /** JDK 25 fails with a cache and an initial heap of 2 MB, and not with one of 4 MB. */
  private static final long TINY_HEAP = 16L << 20;

  /** The heap of a worker that is not told its heap is no smaller than this. */
  private static final long MIN_HEAP = 64L << 20;

  /** What a worker takes besides its heap: its JVM, classes, threads and compiled code. */
  private static final long BESIDES_HEAP = 64L << 20; // Guess: at rest 46 to 57 MB, heap and all

  /** Where the JDK may take half of the memory. */
  private static final long SMALL_HEAP = 256L << 20;

  /**
   * A method is compiled for the first time when it was called so often, five times as often as by
   * default: most of what a booting JVM calls is over by then, and compiling it took more of the
   * processor than running it. Loops keep the JVM's own thresholds, and so does what comes after.
   */
  private static final List<String> BOOT =
      List.of(
          "-XX:Tier3InvocationThreshold=1000",
          "-XX:Tier3MinInvocationThreshold=500",
          "-XX:Tier3CompileThreshold=5000");

  /**
   * What G1 has by default, and the serial collector has not: compiled loops that count look once
   * in a thousand rounds whether something is wanted of their thread. Without, nobody learns where
   * a task is that is over its timeout, and no other thread runs once memory is to be collected.
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

  /** Made with the arguments; null where there is none. */
  private @Nullable AotCache cache; // guarded by this

  private final OrphanGuard guard;

  public Launcher(LaunchSettings settings, Path directory, OrphanGuard guard) {
    this.guard = guard;
    this.settings = settings;
    this.directory = directory;
    this.heap = settings.heap();
  }

  /** The most heap of a worker, as {@code -Xmx} takes it. */
  public synchronized String heap() {
    String known = heap;
    if (known == null) {
      known = Math.max(MIN_HEAP >> 20, (quarterOfMemory() / settings.workers()) >> 20) + "m";
      heap = known;
    }
    return known;
  }

  /** How many workers with this heap fit this machine, or its container; null for a usual heap. */
  public static int defaultWorkers(@Nullable String heap) {
    int processors = Runtime.getRuntime().availableProcessors();
    long each = heap == null ? MIN_HEAP : MemorySizes.parse("heap", heap);
    // This JVM's own bound is less than the memory: it saves the question, which may take 40 ms.
    long atLeast = Runtime.getRuntime().maxMemory();
    int fit = fit(processors, atLeast, each);
    return fit == processors ? fit : fit(processors, 4 * quarterOfMemory(), each);
  }

  /** How many workers, at least 1, fit into three quarters of the memory. */
  static int fit(int processors, long memory, long heap) {
    return Math.clamp(memory / 4 * 3 / (heap + BESIDES_HEAP), 1, processors);
  }

  /** A quarter of the memory, as the JDK itself would take, but for all the workers together. */
  private static long quarterOfMemory() {
    long own = Runtime.getRuntime().maxMemory();
    // This JVM's own bound is a quarter of the memory, unless it was told otherwise, or the memory
    // is very small or large. The bean knows, but takes 40 ms in a fresh program.
    if (own > SMALL_HEAP && own < LARGE_HEAP / 2 && !InheritedOptions.isHeapChosen()) {
      return own;
    }
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getTotalMemorySize()
        / 4;
  }

  /** The launcher of the JDK that this JVM runs on. */
  public static String java() {
    return Path.of(System.getProperty("java.home", ""), "bin", "java").toString();
  }

  /** The mark of a worker in the environment of its children. */
  public String mark(int number) {
    return directory.getFileName() + "/" + number;
  }

  /** Starts the JVM of a worker, which waits on its standard input to be told its pool. */
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
    // Read by every JVM as if on its command line, agents and debuggers included. What workers need
    // of it they get with this JVM's other options.
    OPTION_VARIABLES.forEach(builder.environment()::remove);
    builder.environment().putAll(settings.environment());
    // A worker of a worker carries both marks, so that the end of either ends it.
    String outer = System.getenv(Reaper.MARK);
    builder.environment().put(Reaper.MARK, (outer == null ? "" : outer + ",") + mark(number));
    Path home = settings.directory();
    if (home != null) {
      builder.directory(home.toFile());
    }
    try {
      Process started = builder.start();
      guard.add(started);
      return started;
    } catch (IOException e) {
      throw new IOException(
          "a worker JVM could not be started with " + java() + ": " + e.getMessage(), e);
    }
  }

  /** Whether workers with these options would be started in just the same way. */
  public boolean startsTheSame(LaunchSettings others) {
    return heap().equals(new Launcher(others, directory, guard).heap())
        && settings.jvmOptions().equals(others.jvmOptions())
        && settings.environment().equals(others.environment())
        && Objects.equals(settings.directory(), others.directory())
        && settings.aotCache() == others.aotCache();
  }

  /**
   * Tells a worker its token, its number and the pool's socket: not on its command line, which any
   * user can read, and which is older than the pool if the worker was in reserve.
   */
  public static void tell(Process process, String token, int number, Path socket) {
    try (var stdin = process.getOutputStream()) {
      String line = token + " " + number + " " + socket + "\n";
      stdin.write(line.getBytes(HandshakeServer.PLATFORM_CHARSET));
    } catch (IOException e) {
      // It is dead already; its exit tells why.
    }
  }

  /**
   * The file of the arguments that all workers share. In a file, because a class path may be longer
   * than a command line can be, and nobody else may read it.
   */
  private synchronized Path arguments() throws IOException {
    Path file = arguments;
    if (file != null
        && Files.exists(file) // or somebody has deleted the folder
        && (isCacheInUse || cache == null || !cache.isReady())) {
      return file;
    }
    List<String> flags = ownFlags();
    List<String> inherited = InheritedOptions.options();
    if (file == null && !cacheFailed) {
      cache = findCache(flags, inherited);
    }
    AotCache used = cache != null && cache.isReady() ? cache : null;
    if (cache != null && used == null && AotCache.mayBeMade()) {
      cache.makeLater();
    }
    // Another name: the java launcher of a worker may still read the file of before.
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

  /** The options that every worker gets, beside those that its pool asks for. */
  static List<String> ownFlags(List<String> jvmOptions) {
    var flags = new ArrayList<String>();
    if (!choosesCollector(jvmOptions)) {
      flags.add("-XX:+UseSerialGC"); // the least memory, no threads of its own on busy cores
    }
    if (System.getProperty("java.vm.name", "").contains("Server")) { // others do not know them
      flags.addAll(INTERRUPTIBLE_LOOPS);
    }
    return flags;
  }

  /** The place of the cache that these workers may start from; null for none. */
  private @Nullable AotCache findCache(List<String> flags, List<String> inherited) {
    return settings.aotCache() && !startsTiny()
        ? AotCache.of(flagsForCache(flags, inherited))
        : null;
  }

  /** Makes the cache for workers with these options now, and starts none of them. */
  public static boolean makeCache(LaunchSettings settings) throws InterruptedException {
    Path none = Path.of("");
    var launcher = new Launcher(settings, none, new OrphanGuard(none));
    AotCache cache = launcher.findCache(launcher.ownFlags(), InheritedOptions.options());
    return cache != null && cache.makeNow();
  }

  /**
   * A worker did not start. If it had a cache, the next ones will do without.
   *
   * @param exited whether it ended by itself, rather than being slow
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

  /** What a cache depends on: properties do not matter to it, nor does the size of a usual heap. */
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
    list.addAll(flags);
    list.add("-XX:-UsePerfData"); // no file left in the temporary folder
    list.add("-XX:-CreateCoredumpOnCrash");
    list.add("-XX:ErrorFile=" + crashLog("%p"));
    list.add("-Djava.awt.headless=true");
    list.addAll(BOOT);
    addSelectorProvider(list);
    list.addAll(inherited);
    if (used != null) {
      list.addAll(used.options());
    }
    list.addAll(settings.jvmOptions());
    list.add("--class-path");
    list.add(InheritedOptions.classPath(directory, used == null ? null : used.jar()));
    list.add(BootstrapJar.className(BootstrapJar.WORKER));
    return list;
  }

  /**
   * The channels of this JVM come from the JDK's usual provider, and so will those of the worker:
   * to find that out by itself, it would look for services in each jar of its class path.
   */
  private static void addSelectorProvider(List<String> to) {
    Class<?> provider = SelectorProvider.provider().getClass();
    if (provider.getClassLoader() == null && Modifier.isPublic(provider.getModifiers())) {
      to.add("-D" + SelectorProvider.class.getName() + "=" + provider.getName());
    }
  }

  /** A cache brings some objects along, and a JVM that begins with less room than that fails. */
  private boolean startsTiny() {
    for (String option : settings.jvmOptions()) {
      if (option.startsWith("-Xms")) {
        try {
          return MemorySizes.parse("initial heap", option.substring(4)) < TINY_HEAP;
        } catch (IllegalArgumentException e) {
          return true; // in a form of the JVM's that is not known here
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

  /** Where a worker that crashes writes the JVM's own report. */
  public static Path crashLog(String pid) {
    return Path.of(System.getProperty("java.io.tmpdir"), "fornada-hs_err_pid" + pid + ".log");
  }

  /** As the java launcher reads a file of arguments. */
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
