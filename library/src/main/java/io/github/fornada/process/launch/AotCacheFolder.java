package io.github.fornada.process.launch;

import io.github.fornada.jvm.Listing;
import io.github.fornada.jvm.Log;
import io.github.fornada.process.host.PrivateDirectory;
import java.io.IOException;
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
 * The folder of a user's {@link AotCache ahead-of-time caches}: whether it can be trusted, and how
 * much is kept in it.
 */
final class AotCacheFolder {
  /** A folder to use instead of the user's cache folder. */
  static final String PROPERTY = "fornada.aot.folder";

  static final String PREFIX = "fornada-";

  /**
   * The suffix of a file which notes that creating a cache failed, or that workers failed with it.
   */
  static final String REFUSED = ".refused";

  /** Guess: by then the cause has probably gone. */
  static final Duration REFUSED_FOR = Duration.ofDays(7);

  /**
   * The maximum number of caches that are kept; more would belong to JDKs and libraries that are no
   * longer used.
   */
  private static final int MAX_FILES = 10;

  private static final long MAX_BYTES = 1L << 30;

  /** The age of an incomplete file whose creator must be gone. */
  private static final Duration STALE = Duration.ofHours(1);

  // Bits of a file's mode.
  private static final int OTHERS_WRITE = 0b10_010;
  private static final int STICKY = 0b1_000_000_000;

  private AotCacheFolder() {}

  /** Returns the user's folder for caches, according to the system's conventions. */
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

  /** Creates it; only the user can enter it. */
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
   * Returns whether no other user can write to the folder or replace it, because workers run code
   * from there. It must belong to the user, and every folder above it to the user or to the system.
   * Links are followed.
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

  /**
   * Returns whether other users may write there; such a folder is harmless if each user may only
   * move their own files.
   */
  private static boolean isOpen(Path folder, boolean mayBeSticky) throws IOException {
    int mode = (int) Files.getAttribute(folder, "unix:mode");
    return (mode & OTHERS_WRITE) != 0 && !(mayBeSticky && (mode & STICKY) != 0);
  }

  /** The user that this process runs as: the owner of the files it creates. */
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
        return -1; // no user's id, so that nothing is trusted
      }
    }
  }

  private record Entry(Path file, long bytes, Instant used) {}

  /**
   * Deletes the least recently used caches, if there are too many. Called only by the holder of the
   * lock.
   */
  static void prune(Path folder) throws IOException {
    List<Entry> caches = new ArrayList<>();
    Instant stale = Instant.now().minus(STALE);
    for (Path file : Listing.of(folder, PREFIX + "*")) {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      Instant used = attributes.lastModifiedTime().toInstant();
      String name = file.toString();
      if (attributes.isDirectory()) {
        // left by a creator that was killed, because this process has the lock
        PrivateDirectory.delete(file);
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
    caches.sort(Comparator.comparing(Entry::used).reversed());
    long bytes = 0;
    for (int i = 0; i < caches.size(); i++) {
      bytes += caches.get(i).bytes();
      if (i >= MAX_FILES - 1 || bytes > MAX_BYTES) { // leaves room for one more
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
