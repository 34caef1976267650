package io.github.fornada.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A cache of this library's classes, loaded, linked and profiled ahead of time (JEP 483, 514, 515),
 * from which workers start faster. One serves all programs of a user: it holds a jar of the
 * library's own classes, which stands first on the class path of the workers, and what the JVM has
 * made of it; the program's own class path only follows.
 *
 * <p>Whatever goes wrong with it, workers start without it. The JVM itself checks that the cache
 * was made by the same build, from the same jar and with matching options.
 */
final class AotCache {
  /** A folder to use instead of the user's cache folder. */
  static final String FOLDER_PROPERTY = "fornada.aot.folder";

  /** The first release with profiles in its caches. */
  private static final int FIRST_RELEASE = 25;

  /** Guess: programs that are over sooner would only have their cache stopped in the making. */
  private static final Duration DELAY = Duration.ofSeconds(3);

  private static final int MOST_FILES = 10;
  private static final long MOST_BYTES = 1L << 30;

  /** Of a file whose maker is long gone. */
  private static final Duration STALE = Duration.ofHours(1);

  private static final Duration TOUCHED_EVERY = Duration.ofDays(1);

  static final String PREFIX = "fornada-";
  private static final System.Logger LOG = System.getLogger("io.github.fornada");
  private static final AtomicBoolean TRAINED = new AtomicBoolean();

  private final Path folder;
  private final List<String> flags;
  private final Path jar;
  private final Path cache;
  private volatile boolean distrusted;

  private AotCache(Path folder, List<String> flags, String key) {
    this.folder = folder;
    this.flags = flags;
    this.jar = folder.resolve(PREFIX + key + ".jar");
    this.cache = folder.resolve(PREFIX + key + ".aot");
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
      Path folder = folder();
      String library = library();
      return folder == null || library == null
          ? null
          : new AotCache(folder, flags, key(flags, library));
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.DEBUG, "no ahead-of-time cache", e);
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

  /** The user's folder for caches, by the custom of the system. */
  private static @Nullable Path folder() {
    String given = System.getProperty(FOLDER_PROPERTY);
    if (given != null) {
      return Path.of(given);
    }
    String home = System.getProperty("user.home", "");
    String xdg = System.getenv("XDG_CACHE_HOME");
    String system = System.getProperty("os.name", "");
    if (xdg != null && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg, "fornada", "aot");
    }
    if (home.isEmpty() || !Path.of(home).isAbsolute() || system.startsWith("Windows")) {
      return null;
    }
    return system.startsWith("Mac")
        ? Path.of(home, "Library", "Caches", "fornada", "aot")
        : Path.of(home, ".cache", "fornada", "aot");
  }

  /** What tells this library from another; null if it is only being built. */
  private static @Nullable String library() throws IOException {
    String place = Inheritance.place();
    if (place == null || (Files.isDirectory(Path.of(place)) && isFolderGiven())) {
      return "classes " + Digest.OF_CLASSES;
    }
    return Files.isDirectory(Path.of(place)) ? null : identity(Path.of(place));
  }

  private static boolean isFolderGiven() {
    return System.getProperty(FOLDER_PROPERTY) != null;
  }

  /** Computed when first asked for: it reads all classes. */
  private static final class Digest {
    static final String OF_CLASSES = compute();

    private static String compute() {
      MessageDigest digest = sha256();
      try {
        for (Map.Entry<String, byte[]> file : Bootstrap.classes().entrySet()) {
          digest.update(file.getKey().getBytes(StandardCharsets.UTF_8));
          digest.update(file.getValue());
        }
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
      return HexFormat.of().formatHex(digest.digest());
    }
  }

  private static String identity(Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    return file + " " + attributes.size() + " " + attributes.lastModifiedTime();
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
    byte[] hash = sha256().digest(text.toString().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(hash, 0, 12);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  // ---- use

  /** Whether workers may start from it now. */
  boolean isReady() {
    if (distrusted) {
      return false;
    }
    try {
      BasicFileAttributes attributes = Files.readAttributes(cache, BasicFileAttributes.class);
      if (!Files.isRegularFile(jar) || !isPrivate(folder)) {
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

  /** Workers run code from there: nobody else may have written it. */
  private static boolean isPrivate(Path folder) throws IOException {
    if (!folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return true;
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(folder);
    return !permissions.contains(PosixFilePermission.GROUP_WRITE)
        && !permissions.contains(PosixFilePermission.OTHERS_WRITE)
        && Files.getOwner(folder).equals(Files.getOwner(Path.of("/proc/self")));
  }

  /** What a worker's JVM is told. If the cache does not fit, it says nothing and goes on. */
  List<String> options() {
    return List.of("-XX:AOTCache=" + cache, "-XX:AOTMode=auto", "-Xlog:aot*=off,cds*=off");
  }

  /** To be first on the class path: the cache is bound to its beginning. */
  Path jar() {
    return jar;
  }

  /** A worker that started from it did not get ready: it may be the reason. */
  void distrust() {
    distrusted = true;
    delete(cache);
    delete(jar);
  }

  // ---- making

  /** Has it made after a while, once for the life of this JVM. */
  void makeLater() {
    if (!distrusted && TRAINED.compareAndSet(false, true)) {
      ProcessPool.later(
          DELAY,
          () -> {
            var _ = Thread.ofPlatform().daemon().name("aot-cache").start(this::make);
          });
    }
  }

  /** Has it made by a process of low priority, which ends with this JVM at the latest. */
  void make() {
    try {
      createFolder();
      prune(folder);
      Path raw = Files.createTempFile(folder, PREFIX, ".tmp");
      try {
        Bootstrap.write(raw);
        Files.move(raw, jar, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        delete(raw);
      }
      Process process = start();
      var hook = new Thread(() -> Offspring.kill(process.toHandle()), "aot-cache-exit");
      Runtime.getRuntime().addShutdownHook(hook);
      try {
        // Its standard input stays open as long as this JVM lives, and no longer.
        var _ = process.waitFor();
      } finally {
        Offspring.kill(process.toHandle());
        Runtime.getRuntime().removeShutdownHook(hook);
      }
    } catch (IOException | InterruptedException | IllegalStateException e) {
      // A home that cannot be written to, a full disk, a JVM that is exiting: then without.
      LOG.log(System.Logger.Level.DEBUG, "no ahead-of-time cache was made", e);
    }
  }

  private Process start() throws IOException {
    var command = new ArrayList<String>();
    Path nice = Path.of("/usr/bin/nice");
    if (Files.isExecutable(nice)) {
      command.addAll(List.of(nice.toString(), "-n", "19"));
    }
    command.add(Launcher.java());
    command.addAll(
        List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
    command.addAll(List.of("-cp", jar.toString(), AotTraining.class.getName()));
    command.add(jar.toString());
    command.add(cache.toString());
    command.addAll(flags);
    var builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    Launcher.OPTION_VARIABLES.forEach(builder.environment()::remove);
    return builder.start();
  }

  private void createFolder() throws IOException {
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } else {
      Files.createDirectories(folder);
    }
  }

  private record Entry(Path file, long bytes, Instant used) {}

  /** Deletes what was used least lately, if there is too much. */
  static void prune(Path folder) throws IOException {
    List<Entry> caches = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*")) {
      Instant stale = Instant.now().minus(STALE);
      for (Path file : files) {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        Instant used = attributes.lastModifiedTime().toInstant();
        String name = file.toString();
        if (name.endsWith(".aot")) {
          caches.add(new Entry(file, attributes.size(), used));
        } else if (used.isBefore(stale)
            && !(name.endsWith(".jar") && Files.exists(withEnding(file, ".aot")))) {
          delete(file);
        }
      }
    }
    caches.sort(Comparator.comparing(Entry::used).reversed());
    long bytes = 0;
    for (int i = 0; i < caches.size(); i++) {
      bytes += caches.get(i).bytes();
      if (i >= MOST_FILES - 1 || bytes > MOST_BYTES) { // room for one more
        delete(caches.get(i).file());
        delete(withEnding(caches.get(i).file(), ".jar"));
      }
    }
  }

  private static Path withEnding(Path file, String ending) {
    String name = String.valueOf(file.getFileName());
    return file.resolveSibling(name.substring(0, name.lastIndexOf('.')) + ending);
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "left behind: " + file, e);
    }
  }
}
