package io.github.fornada.process.launch;

import io.github.fornada.jvm.Log;
import io.github.fornada.process.host.PrivateDirectory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a user's {@link AotCache ahead-of-time caches} are: whom to trust, and how much to keep.
 */
final class AotCacheFolder {
  /** A folder to use instead of the user's cache folder. */
  static final String PROPERTY = "fornada.aot.folder";

  static final String PREFIX = "fornada-";

  /** Ending of a note that a cache was made in vain, or made workers fail. */
  static final String REFUSED = ".refused";

  /** Guess: until then, whatever was the matter is likely to be over. */
  static final Duration REFUSED_FOR = Duration.ofDays(7);

  /** How many caches are kept; more would be of JDKs and libraries long gone. */
  private static final int MAX_FILES = 10;

  private static final long MAX_BYTES = 1L << 30;

  /** Of a file whose maker is long gone. */
  private static final Duration STALE = Duration.ofHours(1);

  // Of a file's mode.
  private static final int OTHERS_WRITE = 0b10_010;
  private static final int STICKY = 0b1_000_000_000;

  private AotCacheFolder() {}

  /** The user's folder for caches, by the custom of the system. */
  static @Nullable Path path() {
    String given = System.getProperty(PROPERTY);
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

  /** Makes it, for the user alone. */
  static void create(Path folder) throws IOException {
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } else {
      Files.createDirectories(folder);
    }
  }

  /**
   * Workers run code from there: nobody else may be able to write it, or to put another folder in
   * its place. So it has to be the user's own, and all above it the user's or the system's; where
   * links lead is what counts.
   */
  static boolean isPrivate(Path folder) throws IOException {
    if (!FileSystems.getDefault().supportedFileAttributeViews().contains("unix")) {
      return true;
    }
    Path real = folder.toRealPath();
    int user = (int) Files.getAttribute(real, "unix:uid");
    if (user != OwnUser.ID || isOpen(real, false)) {
      return false;
    }
    for (Path above = real.getParent(); above != null; above = above.getParent()) {
      int owner = (int) Files.getAttribute(above, "unix:uid");
      if ((owner != user && owner != 0) || isOpen(above, true)) {
        return false;
      }
    }
    return true;
  }

  /** Whether others may write there; such a folder is harmless if each may only move its own. */
  private static boolean isOpen(Path folder, boolean mayBeSticky) throws IOException {
    int mode = (int) Files.getAttribute(folder, "unix:mode");
    return (mode & OTHERS_WRITE) != 0 && !(mayBeSticky && (mode & STICKY) != 0);
  }

  /** The user that this process runs as: owner of what it makes. */
  private static final class OwnUser {
    static final int ID = find();

    private static int find() {
      try {
        Path own = PrivateDirectory.create(PrivateDirectory.bases(), 0);
        try {
          return (int) Files.getAttribute(own, "unix:uid");
        } finally {
          PrivateDirectory.delete(own);
        }
      } catch (IOException e) {
        return -1; // nobody's, so that nothing is trusted
      }
    }
  }

  private record Entry(Path file, long bytes, Instant used) {}

  /** Deletes what was used least lately, if there is too much. Only by who holds the lock. */
  static void prune(Path folder) throws IOException {
    List<Entry> caches = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*")) {
      Instant stale = Instant.now().minus(STALE);
      for (Path file : files) {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        Instant used = attributes.lastModifiedTime().toInstant();
        String name = file.toString();
        if (attributes.isDirectory()) {
          PrivateDirectory.delete(file); // a maker's that was killed: the lock is ours
        } else if (name.endsWith(".aot")) {
          caches.add(new Entry(file, attributes.size(), used));
        } else if (name.endsWith(REFUSED)) {
          if (isOlder(file, REFUSED_FOR)) {
            delete(file);
          }
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
      if (i >= MAX_FILES - 1 || bytes > MAX_BYTES) { // room for one more
        delete(caches.get(i).file());
        delete(withEnding(caches.get(i).file(), ".jar"));
      }
    }
  }

  private static Path withEnding(Path file, String ending) {
    String name = String.valueOf(file.getFileName());
    return file.resolveSibling(name.substring(0, name.lastIndexOf('.')) + ending);
  }

  static boolean isOlder(Path file, Duration age) throws IOException {
    return Files.getLastModifiedTime(file).toInstant().isBefore(Instant.now().minus(age));
  }

  static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "left behind: " + file, e);
    }
  }
}
