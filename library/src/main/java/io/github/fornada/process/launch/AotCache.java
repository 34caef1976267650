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
 * workers start faster. One serves all programs of a user: it holds a jar of the library's own
 * classes, which stands first on the class path of the workers, and what the JVM has made of it;
 * the program's own class path only follows.
 *
 * <p>Whatever goes wrong with it, workers start without it. The JVM itself checks that the cache
 * was made by the same build, from the same jar and with matching options.
 */
public final class AotCache {

  /** The name of the cache in the folder that the training program is given. */
  public static final String MADE = "made";

  /** Exit code of the training program: no cache could be made, or its main threw. */
  public static final int EXIT_FAILED = 1;

  /** A system property of the parent: {@code use} to use a cache and never make one. */
  static final String PROPERTY = "io.github.fornada.aotCache";

  /** The first release that this was made and measured with. */
  private static final int FIRST_RELEASE = 25;

  /**
   * The release whose diagnostic options are known. Any other JVM might not know one, and not
   * start.
   */
  private static final int KNOWN_RELEASE = 25;

  /** Guess: programs that are over sooner would only have their cache stopped in the making. */
  private static final Duration DELAY = Duration.ofSeconds(3);

  /** Guess: it takes some 5 s of one processor, of which a busy machine gives it little. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private static final Duration TOUCHED_EVERY = Duration.ofDays(1);

  /** One maker at a time, of whatever cache. The file stays. */
  private static final String LOCK = "lock";

  /** Ending of the folder in which a cache is made; only what is whole leaves it. */
  private static final String WORKSHOP = ".making";

  /** The same within this JVM, where the lock of a file says nothing. */
  private static final ReentrantLock MAKING = new ReentrantLock();

  private static final AtomicBoolean TRAINED = new AtomicBoolean();

  private final Path folder;
  private final List<String> flags;
  private final Path jar;
  private final Path cache;

  /** There if this cache was made in vain, or made workers fail. */
  private final Path refused;

  private volatile boolean distrusted;

  private AotCache(Path folder, List<String> flags, String key) {
    this.folder = folder;
    this.flags = flags;
    this.jar = folder.resolve(AotCacheFolder.PREFIX + key + ".jar");
    this.cache = folder.resolve(AotCacheFolder.PREFIX + key + ".aot");
    this.refused = folder.resolve(AotCacheFolder.PREFIX + key + AotCacheFolder.REFUSED);
  }

  /**
   * The place of the cache for workers with these options; null where there can be none.
   *
   * @param flags what the options of the workers' JVMs add to the JDK's defaults, without
   *     properties
   */
  static @Nullable AotCache of(List<String> flags) {
    try {
      if (Runtime.version().feature() < FIRST_RELEASE
          || System.getProperty("jdk.module.path") != null
          || isSharingChosen(flags)) {
        return null;
      }
      Path folder = AotCacheFolder.path();
      String library = library();
      return folder == null || library == null
          ? null
          : new AotCache(folder, flags, key(flags, library));
    } catch (IOException | RuntimeException e) {
      Log.get().log(System.Logger.Level.DEBUG, "no ahead-of-time cache", e);
      return null;
    }
  }

  /** The user has archives of another kind, or none: the JVM takes one kind only. */
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

  /** What tells this library from another; null if it is only being built. */
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

  /** Computed when first asked for: it reads all classes. */
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
   * FNV-1a of 64 bits, by Fowler, Noll and Vo. It has to tell some libraries of one user apart and
   * to withstand nobody, who would have to write to the user's own folder; the JDK's digests take
   * some 20 ms to be looked up in a fresh program, while a first task waits.
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
    for (String flag : flags) {
      text.append(flag).append('\n');
    }
    var hash = new Hash();
    hash.add(text.toString().getBytes(StandardCharsets.UTF_8));
    return hash.hexadecimal();
  }

  // ---- use

  /** Whether workers may start from it now. */
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
        Files.setLastModifiedTime(cache, FileTime.from(now)); // the least lately used goes first
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Options for a worker's JVM. If the cache does not fit, the JVM silently goes on without. */
  List<String> options() {
    var all =
        new ArrayList<String>(
            List.of("-XX:AOTCache=" + cache, "-XX:AOTMode=auto", "-Xlog:aot*=off,cds*=off"));
    // Where the cache was made for, and not at an address that differs each time, for which every
    // pointer in it is written anew: 5 ms of the processor and 6 MB of each worker's own memory.
    all.addAll(diagnostic("-XX:ArchiveRelocationMode=0"));
    return all;
  }

  /** A diagnostic option, if this JVM is one that is known to have it. */
  public static List<String> diagnostic(String option) {
    return Runtime.version().feature() == KNOWN_RELEASE
        ? List.of("-XX:+UnlockDiagnosticVMOptions", option)
        : List.of();
  }

  /** To be first on the class path: the cache is bound to its beginning. */
  Path jar() {
    return jar;
  }

  /**
   * A worker that started from it did not get ready: it may be the reason, and is not used any
   * more.
   *
   * @param exited whether the worker ended by itself, rather than being slow: then no other program
   *     uses it either, and for a while none makes it again
   */
  void distrust(boolean exited) {
    distrusted = true;
    if (exited) {
      AotCacheFolder.delete(
          cache); // the jar stays: others may be running from it, and the next maker looks at it
      refuse();
    }
  }

  /** Notes that making it is of no use, so that not every program tries in vain. */
  private void refuse() {
    try {
      Files.writeString(refused, "");
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "not noted: " + refused, e);
    }
  }

  private boolean isRefused() throws IOException {
    return Files.exists(refused) && !AotCacheFolder.isOlder(refused, AotCacheFolder.REFUSED_FOR);
  }

  // ---- making

  /**
   * Whether this JVM may make one. A program that measures itself should use the cache that is
   * there, but not have one made beside what it measures.
   */
  static boolean mayBeMade() {
    return !"use".equals(System.getProperty(PROPERTY));
  }

  /** Has it made after a while, once for the life of this JVM. */
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
   * Has it made by a process of low priority, which ends with this JVM at the latest. Does nothing
   * where that cannot be done, or another program is at it.
   */
  void make() {
    try {
      Path nice = nice();
      if (nice == null || !MAKING.tryLock()) {
        return;
      }
      try (var channel = openLock();
          var held = channel == null ? null : channel.tryLock()) {
        if (held != null && !isReady() && !isRefused()) {
          make(List.of(nice.toString(), "-n", "19"));
        }
      } finally {
        MAKING.unlock();
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      notMade(e);
    }
  }

  /**
   * Has it made now, at the priority of the thread that waits, unless it is there. Waits for
   * another program that is at it.
   *
   * @return whether it is there
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

  /** The file whose lock says that somebody makes one; null where nobody may. */
  private @Nullable FileChannel openLock() throws IOException {
    AotCacheFolder.create(folder);
    return AotCacheFolder.isPrivate(folder)
        ? FileChannel.open(
            folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)
        : null;
  }

  /** A home that cannot be written to, a full disk, a JVM that is exiting: then without. */
  private static void notMade(Exception e) {
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
        // Its standard input stays open as long as this JVM lives, and no longer.
        if (!process.waitFor(LONGEST.toMinutes(), TimeUnit.MINUTES)) {
          return;
        }
        if (process.exitValue() == 0) {
          Files.move(workshop.resolve(MADE), cache, StandardCopyOption.ATOMIC_MOVE);
        } else if (process.exitValue() == EXIT_FAILED) {
          refuse(); // by its own word: it was not killed, as by the exit of this JVM
        }
      } finally {
        clear(process, workshop);
        Runtime.getRuntime().removeShutdownHook(hook);
      }
    } finally {
      PrivateDirectory.delete(workshop);
    }
  }

  /** Ends the making, finished or not, and removes what it has left. */
  private static void clear(Process process, Path workshop) {
    Reaper.kill(process.toHandle());
    PrivateDirectory.deleteAllOf(process.pid());
    PrivateDirectory.delete(workshop);
  }

  /**
   * Puts the jar in its place, unless it is there: a cache holds for a file of one size and one
   * time, so that one already in use must not be written anew.
   */
  private void putJar(Path workshop) throws IOException {
    Path raw = workshop.resolve("jar");
    BootstrapJar.write(raw);
    if (!Files.isRegularFile(jar) || Files.mismatch(raw, jar) >= 0) {
      Files.move(raw, jar, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** The program that lowers priorities; without one no cache is made. */
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
