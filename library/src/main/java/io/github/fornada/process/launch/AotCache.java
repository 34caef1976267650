package io.github.fornada.process.launch;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.host.Secrets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A cache of this library's classes, loaded and linked ahead of time (JEP 483, 514), from which
 * workers start faster. One cache serves all programs of a user: it consists of a jar of the
 * library's own classes, which comes first on the class path of the workers, and of the JVM's cache
 * for that jar; the program's own class path follows.
 *
 * <p>If anything fails, workers start without the cache. The JVM itself checks that the cache was
 * made by the same build, from the same jar and with matching options.
 */
public final class AotCache {

  /** The name of the cache in the folder that is passed to the training program. */
  public static final String MADE = "made";

  /** Exit code of the training program: no cache could be created, or its main threw. */
  public static final int EXIT_FAILED = 1;

  /** A system property of the parent: {@code use} to use an existing cache and never create one. */
  static final String PROPERTY = "io.github.fornada.aotCache";

  /** The first release that this was developed and measured with. */
  private static final int FIRST_RELEASE = 25;

  /**
   * The release whose diagnostic options are known. Another JVM might not know an option, and would
   * not start.
   */
  private static final int KNOWN_RELEASE = 25;

  /** Guess: a program that ends sooner would only start the creation and then interrupt it. */
  private static final Duration DELAY = Duration.ofSeconds(3);

  /** Guess: it takes about 5 s of processor time, and a busy machine gives it little. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private static final Duration TOUCHED_EVERY = Duration.ofDays(1);

  /**
   * The file whose lock ensures that one program at a time creates a cache, whichever it is. The
   * file is never deleted.
   */
  private static final String LOCK = "lock";

  /**
   * The suffix of the folder in which a cache is created; only complete files are moved out of it.
   */
  private static final String WORKSHOP = ".making";

  /** The lock within this JVM, where a file lock has no effect. */
  private static final ReentrantLock MAKING = new ReentrantLock();

  private static final AtomicBoolean TRAINED = new AtomicBoolean();

  private final Path folder;
  private final List<String> flags;
  private final Path jar;
  private final Path cache;

  /** This file exists if creating this cache failed, or if workers failed with it. */
  private final Path refused;

  /**
   * This file exists if workers with options of their own failed with it, which may be why. Null if
   * these workers have no such options.
   */
  private final @Nullable Path refusedForOptions;

  private volatile boolean distrusted;

  private AotCache(Path folder, List<String> flags, String key, List<String> suspects) {
    this.folder = folder;
    this.flags = flags;
    this.jar = folder.resolve(AotCacheFolder.PREFIX + key + ".jar");
    this.cache = folder.resolve(AotCacheFolder.PREFIX + key + ".aot");
    this.refused = folder.resolve(AotCacheFolder.PREFIX + key + AotCacheFolder.REFUSED);
    this.refusedForOptions =
        suspects.isEmpty()
            ? null
            : folder.resolve(
                AotCacheFolder.PREFIX + key + "-" + hash(suspects) + AotCacheFolder.REFUSED);
  }

  /**
   * Returns the cache for workers with these options, which need not exist yet; null if there can
   * be none.
   *
   * @param flags the options that the workers' JVMs have in addition to the JDK's defaults, without
   *     properties
   * @param suspects further options of theirs, on which a cache does not depend, but which may keep
   *     a JVM from starting with it
   */
  static @Nullable AotCache of(List<String> flags, List<String> suspects) {
    try {
      if (Runtime.version().feature() < FIRST_RELEASE
          || System.getProperty("jdk.module.path") != null
          || isSharingChosen(flags)) {
        return null;
      }
      Path folder = AotCacheFolder.path();
      String library = library();
      if (folder == null || library == null) {
        return null;
      }
      var cache = new AotCache(folder, flags, key(flags, library), suspects);
      return isNoted(cache.refusedForOptions) ? null : cache;
    } catch (IOException | RuntimeException e) {
      Log.get().log(System.Logger.Level.DEBUG, "no ahead-of-time cache", e);
      return null;
    }
  }

  /** Returns whether the user has chosen other archives, or none: the JVM takes only one kind. */
  private static boolean isSharingChosen(List<String> flags) {
    for (String flag : flags) {
      for (String word : List.of("-Xshare", "Shared", "ClassList", "ClassesAtExit", "AOT")) {
        if (flag.contains(word)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Returns a text that identifies this build of the library; null if it is only being built. */
  private static @Nullable String library() throws IOException {
    String location = InheritedOptions.ownLocation();
    if (location == null || (Files.isDirectory(Path.of(location)) && isFolderGiven())) {
      return "classes " + Digest.OF_CLASSES;
    }
    return Files.isDirectory(Path.of(location)) ? null : identity(Path.of(location));
  }

  private static boolean isFolderGiven() {
    return System.getProperty(AotCacheFolder.PROPERTY) != null;
  }

  /** Computed when first needed, because it reads all classes. */
  private static final class Digest {
    static final String OF_CLASSES = compute();

    private static String compute() {
      var hash = new Hash();
      try {
        for (Map.Entry<String, byte[]> file : BootstrapJar.classes().entrySet()) {
          hash.add(file.getKey().getBytes(StandardCharsets.UTF_8));
          hash.add(file.getValue());
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return hash.hexadecimal();
    }
  }

  /**
   * FNV-1a of 64 bits, by Fowler, Noll and Vo. It only has to distinguish the few builds of the
   * library that one user has. It need not withstand an attacker, who would have to be able to
   * write to the user's own folder. Looking up the JDK's digests takes about 20 ms in a fresh
   * program, while the first task waits.
   */
  private static final class Hash {
    private long value = 0xcbf29ce484222325L;

    void add(byte[] bytes) {
      for (byte b : bytes) {
        value = (value ^ (b & 0xff)) * 0x100000001b3L;
      }
    }

    String hexadecimal() {
      return HexFormat.of().toHexDigits(value);
    }
  }

  private static String identity(Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    return file + " " + attributes.size() + " " + attributes.lastModifiedTime().toMillis();
  }

  private static String key(List<String> flags, String library) throws IOException {
    String home = System.getProperty("java.home", "");
    var text = new StringBuilder();
    text.append(System.getProperty("java.vm.version")).append('\n');
    text.append(System.getProperty("java.vm.vendor")).append('\n');
    text.append(System.getProperty("os.arch")).append('\n');
    text.append(identity(Path.of(home, "lib", "modules"))).append('\n');
    text.append(library).append('\n');
    return hash(text, flags);
  }

  private static String hash(List<String> options) {
    return hash(new StringBuilder(), options);
  }

  private static String hash(StringBuilder text, List<String> options) {
    for (String option : options) {
      text.append(option).append('\n');
    }
    var hash = new Hash();
    hash.add(text.toString().getBytes(StandardCharsets.UTF_8));
    return hash.hexadecimal();
  }

  // ---- use

  /** Returns whether workers may start from it now. */
  boolean isReady() {
    if (distrusted) {
      return false;
    }
    try {
      BasicFileAttributes attributes = Files.readAttributes(cache, BasicFileAttributes.class);
      if (!attributes.isRegularFile()
          || !Files.isRegularFile(jar)
          || !AotCacheFolder.isPrivate(folder)) {
        return false;
      }
      Instant now = Instant.now();
      if (attributes.lastModifiedTime().toInstant().isBefore(now.minus(TOUCHED_EVERY))) {
        // the least recently used cache is deleted first
        Files.setLastModifiedTime(cache, FileTime.from(now));
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Returns the options for a worker's JVM. If the cache does not match, the JVM silently starts
   * without it.
   */
  List<String> options() {
    var all =
        new ArrayList<String>(
            List.of("-XX:AOTCache=" + cache, "-XX:AOTMode=auto", "-Xlog:aot*=off,cds*=off"));
    // Maps the cache at the address that it was created for, and not at a random one, for which
    // every pointer in it must be changed. That would cost 5 ms of processor time and 6 MB of
    // memory for each worker.
    all.addAll(diagnostic("-XX:ArchiveRelocationMode=0"));
    return all;
  }

  /** Returns a diagnostic option, if this JVM is known to have it. */
  public static List<String> diagnostic(String option) {
    return Runtime.version().feature() == KNOWN_RELEASE
        ? List.of("-XX:+UnlockDiagnosticVMOptions", option)
        : List.of();
  }

  /**
   * Returns the jar that must come first on the class path, because the cache is only valid for a
   * class path that begins with it.
   */
  Path jar() {
    return jar;
  }

  /**
   * Called when a worker that started from the cache did not become ready: the cache may be the
   * reason, and is not used any more.
   *
   * @param exited whether the worker ended by itself, rather than being slow: then no other program
   *     uses the cache either, and for a while none creates it again. If these workers have options
   *     of their own, which may be the reason, that holds for workers with the same options only.
   */
  void distrust(boolean exited) {
    distrusted = true;
    if (!exited) {
      return;
    }
    Path own = refusedForOptions;
    if (own != null) {
      note(own);
      return;
    }
    AotCacheFolder.delete(
        // the jar stays: other workers may be running from it, and the next creation uses it
        cache);
    note(refused);
  }

  /** Notes that something has failed, so that not every program tries again. */
  private static void note(Path file) {
    try {
      Files.writeString(file, "");
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "not noted: " + file, e);
    }
  }

  private static boolean isNoted(@Nullable Path file) throws IOException {
    return file != null
        && Files.exists(file)
        && !AotCacheFolder.isOlder(file, AotCacheFolder.REFUSED_FOR);
  }

  // ---- creating

  /**
   * Returns whether this JVM may create one. A program that measures itself should use an existing
   * cache, but not have one created while it measures.
   */
  static boolean mayBeMade() {
    return !"use".equals(System.getProperty(PROPERTY));
  }

  /** Creates it in the background after a while, once in the life of this JVM. */
  void makeLater() {
    if (!distrusted && TRAINED.compareAndSet(false, true)) {
      var _ =
          Timer.after(
              DELAY,
              () -> {
                var _ = OwnThreads.daemon("fornada-aot-cache").start(this::make);
              });
    }
  }

  /**
   * Creates it with a process of low priority, which ends with this JVM at the latest. Does nothing
   * if that is impossible, or another program is creating it.
   */
  void make() {
    try {
      Path nice = nice();
      if (nice == null || !MAKING.tryLock()) {
        return;
      }
      try (var channel = openLock();
          var held = channel == null ? null : channel.tryLock()) {
        if (held != null && !isReady() && !isNoted(refused)) {
          make(List.of(nice.toString(), "-n", "19"));
        }
      } finally {
        MAKING.unlock();
      }
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      notMade(e); // an error where this process can open no file at the moment, for instance
    }
  }

  /**
   * Creates it now, at normal priority, unless it exists. Waits for another program that is
   * creating it.
   *
   * @return whether it exists
   */
  boolean makeNow() throws InterruptedException {
    MAKING.lockInterruptibly();
    try (var channel = openLock();
        var held = channel == null ? null : channel.lock()) {
      if (held != null && !isReady()) {
        make(List.of());
      }
    } catch (FileLockInterruptionException e) {
      throw (InterruptedException) new InterruptedException(e.getMessage()).initCause(e);
    } catch (IOException | RuntimeException e) {
      notMade(e);
    } finally {
      MAKING.unlock();
    }
    return isReady();
  }

  /** Opens the file whose lock is held while a cache is created; null if none may be created. */
  private @Nullable FileChannel openLock() throws IOException {
    AotCacheFolder.create(folder);
    return AotCacheFolder.isPrivate(folder)
        ? FileChannel.open(
            folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)
        : null;
  }

  /**
   * Logs why there is no cache, such as a home folder that is not writable, a full disk, or a JVM
   * that is exiting.
   */
  private static void notMade(Throwable e) {
    Log.get().log(System.Logger.Level.DEBUG, "no ahead-of-time cache was made", e);
  }

  private void make(List<String> prefix) throws IOException, InterruptedException {
    AotCacheFolder.prune(folder);
    Path workshop = folder.resolve(AotCacheFolder.PREFIX + Secrets.hexadecimal(8) + WORKSHOP);
    Files.createDirectory(workshop);
    try {
      putJar(workshop);
      Process process = start(prefix, workshop);
      var hook = new Thread(() -> clear(process, workshop), "fornada-aot-cache-exit");
      Runtime.getRuntime().addShutdownHook(hook);
      try {
        // Its standard input stays open exactly as long as this JVM runs.
        if (!process.waitFor(LONGEST.toMinutes(), TimeUnit.MINUTES)) {
          return;
        }
        if (process.exitValue() == 0) {
          Files.move(workshop.resolve(MADE), cache, StandardCopyOption.ATOMIC_MOVE);
        } else if (process.exitValue() == EXIT_FAILED) {
          note(refused); // it says so itself, so it was not killed, for example by the exit of this
          // JVM
        }
      } finally {
        clear(process, workshop);
        Runtime.getRuntime().removeShutdownHook(hook);
      }
    } finally {
      PrivateDirectory.delete(workshop);
    }
  }

  /** Ends the process, finished or not, and deletes what it has left. */
  private static void clear(Process process, Path workshop) {
    Reaper.kill(process);
    PrivateDirectory.deleteAllOf(process.pid());
    PrivateDirectory.delete(workshop);
  }

  /**
   * Moves the jar to its final path, unless it exists there. A cache is valid for a jar of one size
   * and modification time, so a jar in use must not be replaced.
   */
  private void putJar(Path workshop) throws IOException {
    Path raw = workshop.resolve("jar");
    BootstrapJar.write(raw);
    if (!Files.isRegularFile(jar) || Files.mismatch(raw, jar) >= 0) {
      Files.move(raw, jar, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** Returns the program that lowers priorities; without it no cache is created. */
  private static @Nullable Path nice() {
    for (Path nice : List.of(Path.of("/usr/bin/nice"), Path.of("/bin/nice"))) {
      if (Files.isExecutable(nice)) {
        return nice;
      }
    }
    return null;
  }

  private Process start(List<String> prefix, Path workshop) throws IOException {
    var command = new ArrayList<>(prefix);
    command.add(Launcher.java());
    command.addAll(
        List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
    command.addAll(List.of("-cp", jar.toString(), BootstrapJar.className(BootstrapJar.TRAINING)));
    command.add(jar.toString());
    command.add(workshop.toString());
    command.addAll(flags);
    var builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    Launcher.OPTION_VARIABLES.forEach(builder.environment()::remove);
    return builder.start();
  }
}
