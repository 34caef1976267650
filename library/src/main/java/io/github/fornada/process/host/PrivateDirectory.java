package io.github.fornada.process.host;

import io.github.fornada.jvm.Listing;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.Timer;
import io.github.fornada.jvm.Uninterrupted;
import io.github.fornada.process.wire.Segment;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A folder that only the user can enter, for what a pool shares with its workers. It is in memory
 * if the system has a memory file system with enough room.
 *
 * <p>Its owner holds a lock on a file in it, so that a folder that a killed owner left behind can
 * be distinguished from one in use, also by a process in another container, where the owner's
 * process id has no meaning. Memory may be scarce (a container gets 64 MB of it by default), so a
 * folder has a second one on disk, for files that do not fit.
 */
public final class PrivateDirectory {
  private static final String PREFIX = "fornada-";

  /** The file that the owner has locked. */
  private static final String OWNER = "owner";

  /** The link to the second folder. */
  public static final String OVERFLOW = "overflow";

  /**
   * The path of a Unix-domain socket may have 107 bytes on Linux and 103 on macOS; this leaves room
   * for the file names.
   */
  private static final int LONGEST = 80;

  /** The room for other files than the segments: arguments, perhaps a jar. */
  private static final long ROOM_FOR_SMALL_FILES = 2 << 20; // Guess

  /**
   * How old a folder without a lock file must be to count as left behind: a younger one may still
   * be being created.
   */
  private static final Duration MAKING = Duration.ofMinutes(1);

  /** How often it is tried to delete a folder, and the pause between. */
  private static final int ATTEMPTS = 10; // Guess

  private static final Duration AGAIN = Duration.ofSeconds(1); // Guess

  /**
   * The locks that this process holds. A lock is lost if its file is opened and closed again in
   * this process.
   */
  private static final Map<Path, FileChannel> HELD = new ConcurrentHashMap<>();

  /**
   * The prefix of the folders of this process. It has more than the process id, which may be
   * reused.
   */
  private static final String OWN_PREFIX = ownPrefix();

  /** The second folders of this process, by the first. */
  private static final Map<Path, Path> SECOND = new ConcurrentHashMap<>();

  private PrivateDirectory() {}

  /** Creates the folder in the first of {@code bases} that has room for the segments. */
  public static Path create(List<Path> bases, int segments) throws IOException {
    long room = segments * Segment.SIZE + ROOM_FOR_SMALL_FILES;
    // Loops, here and in what else comes before the first worker is launched: a program's first
    // lambdas and streams take milliseconds.
    var places = new ArrayList<Path>();
    var others = new ArrayList<Path>();
    for (Path base : bases) {
      (hasRoom(base, room) ? places : others).add(base);
    }
    places.addAll(others);
    IOException last = null;
    for (Path base : places) {
      try {
        Path directory = Uninterrupted.call(() -> createIn(base));
        addOverflow(directory, base, bases);
        return directory;
      } catch (IOException e) {
        last = e;
      }
    }
    throw new IOException(
        "no folder for the pool's socket could be made in any of "
            + bases
            + (last == null ? "" : ", at last because of " + last)
            + "; set java.io.tmpdir to a folder with a path of at most "
            + LONGEST
            + " characters that can be written to",
        last);
  }

  private static boolean hasRoom(Path base, long bytes) {
    return base.toFile().getUsableSpace() >= bytes; // 0 if that cannot be told
  }

  private static Path createIn(Path base) throws IOException {
    while (true) {
      // The name need not be secret: the permissions are set when the folder is created.
      Path directory =
          Files.createDirectory(base.resolve(OWN_PREFIX + Secrets.hexadecimal(8)), onlyOwner(base));
      boolean owned = false;
      try {
        owned = own(directory);
      } finally {
        if (!owned) { // not what lists it: there may be no descriptor for that
          Files.deleteIfExists(directory.resolve(OWNER));
          Files.deleteIfExists(directory);
        }
      }
      if (owned) {
        return directory;
      }
    }
  }

  /** Takes the lock of a folder that this process has made; returns false if a sweep was first. */
  private static boolean own(Path directory) throws IOException {
    Path file = directory.resolve(OWNER);
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    FileLock lock = tryLock(channel);
    // A sweep of another pool may have come between the creation of the file and the lock.
    if (lock != null && Files.exists(file)) {
      HELD.put(directory, channel);
      return true;
    }
    HandshakeServer.closeQuietly(channel);
    return false;
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (IOException e) {
      channel.close();
      throw e; // a file system without locks cannot be used
    }
  }

  private static String ownPrefix() {
    ProcessHandle self = ProcessHandle.current();
    long started = self.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    return PREFIX + self.pid() + "-" + Long.toString(started / 10 % 60_000_000, 36) + "-";
  }

  private static void addOverflow(Path directory, Path base, List<Path> bases) {
    for (Path other : bases) {
      try {
        if (!isSameStore(other, base)) {
          Path second = Uninterrupted.call(() -> createIn(other));
          SECOND.put(directory, second);
          Files.createSymbolicLink(directory.resolve(OVERFLOW), second);
          return;
        }
      } catch (IOException | UnsupportedOperationException e) {
        Log.get().log(System.Logger.Level.DEBUG, "no second folder in " + other, e);
      }
    }
  }

  /** Returns whether both are in the same file system, without reading the table of all. */
  private static boolean isSameStore(Path one, Path other) throws IOException {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("unix")
        ? Files.getAttribute(one, "unix:dev").equals(Files.getAttribute(other, "unix:dev"))
        : Files.getFileStore(one).equals(Files.getFileStore(other));
  }

  /**
   * Creates the folder again if it, or a part that it needs, was deleted: for example by a cleaner
   * of temporary files, or by the system when the user has logged out. At the same path, because
   * running workers use that. Called by its owner, which holds a lock in it, and by its workers.
   *
   * @throws IOException if it cannot be created, or another user's folder is there now
   */
  public static synchronized void restore(Path directory) throws IOException {
    restoreOne(directory);
    Path second = SECOND.get(directory);
    if (second != null) {
      Path link = directory.resolve(OVERFLOW);
      try {
        restoreOne(second);
        if (!Files.isSymbolicLink(link)) {
          Files.createSymbolicLink(link, second);
        }
      } catch (IOException e) {
        // As when the folder was first created: it is used without a second one.
        Log.get().log(System.Logger.Level.DEBUG, "no second folder " + second, e);
      }
    }
  }

  private static void restoreOne(Path directory) throws IOException {
    FileChannel held = HELD.get(directory);
    boolean isOwner = String.valueOf(directory.getFileName()).startsWith(OWN_PREFIX);
    if (isOwner && held == null) {
      throw new NoSuchFileException(directory + ", because its pool has ended");
    }
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      try {
        Files.createDirectory(directory, onlyOwner(directory));
        Log.get()
            .log(
                System.Logger.Level.WARNING,
                "the private folder of a process pool, "
                    + directory
                    + ", was deleted by somebody; it was made again. Exclude fornada-* there from"
                    + " the cleaning of temporary files");
      } catch (FileAlreadyExistsException e) {
        // The pool and its workers may do this at the same time.
      }
    }
    if (!isOwn(directory)) {
      throw new IOException(
          "the private folder " + directory + " was deleted, and is now somebody else's");
    }
    Path file = directory.resolve(OWNER);
    if (held != null && !Files.exists(file)) {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        HandshakeServer.closeQuietly(channel);
        throw new IOException(file + " is locked by another process");
      }
      HELD.put(directory, channel);
      HandshakeServer.closeQuietly(held); // this is the lock of the deleted file
    }
  }

  /** Returns whether it is a folder of this user that no other user can enter. */
  private static boolean isOwn(Path directory) throws IOException {
    if (!FileSystems.getDefault().supportedFileAttributeViews().contains("unix")) {
      return Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS);
    }
    Map<String, Object> seen =
        Files.readAttributes(directory, "unix:uid,mode,isDirectory", LinkOption.NOFOLLOW_LINKS);
    Path self = Path.of("/proc/self");
    return Boolean.TRUE.equals(seen.get("isDirectory"))
        && ((Integer) Objects.requireNonNull(seen.get("mode")) & 077) == 0
        && (!Files.exists(self)
            || Objects.equals(seen.get("uid"), Files.getAttribute(self, "unix:uid")))
        && Files.isWritable(directory);
  }

  /** Returns the folder for files that do not fit into {@code directory}; null if there is none. */
  public static @Nullable Path overflow(@Nullable Path directory) {
    Path link = directory == null ? null : directory.resolve(OVERFLOW);
    return link != null && Files.isDirectory(link) ? link : null;
  }

  /** Returns the folders in which such folders may be, best first. */
  public static List<Path> bases() {
    var bases = new LinkedHashSet<Path>();
    for (String name : List.of("/dev/shm", System.getProperty("java.io.tmpdir"), "/tmp")) {
      Path base = Path.of(name);
      if (name.length() <= LONGEST - 30 && Files.isDirectory(base) && Files.isWritable(base)) {
        bases.add(base);
      }
    }
    return List.copyOf(bases);
  }

  private static FileAttribute<?>[] onlyOwner(Path base) {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
            && base.getFileSystem().equals(FileSystems.getDefault())
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  /** Deletes the folder and its content as far as possible; the second one too. */
  public static void delete(Path directory) {
    Path link = directory.resolve(OVERFLOW);
    Path known = SECOND.remove(directory);
    if (known != null) {
      deleteOne(known);
    } else if (Files.isSymbolicLink(link)) {
      try {
        Path second = Files.readSymbolicLink(link);
        if (String.valueOf(second.getFileName()).startsWith(PREFIX)) {
          deleteOne(second);
        }
      } catch (IOException e) {
        Log.get().log(System.Logger.Level.DEBUG, "left behind for a later sweep: " + link, e);
      }
    }
    deleteOne(directory);
  }

  private static void deleteOne(Path directory) {
    // First: there may be no other descriptor for the list of what is in it.
    HandshakeServer.closeQuietly(HELD.remove(directory));
    deleteOne(directory, ATTEMPTS);
  }

  private static void deleteOne(Path directory, int attempts) {
    try {
      deleteContent(directory);
      Files.deleteIfExists(directory);
    } catch (NoSuchFileException e) {
      // Another process deleted it first: the parent, a worker and a later pool's sweep may all do
      // this.
    } catch (IOException e) {
      if (attempts > 1) { // this process does not sweep its own folders
        var _ = Timer.after(AGAIN, () -> deleteOne(directory, attempts - 1));
      } else {
        Log.get().log(System.Logger.Level.DEBUG, "left behind for a later sweep: " + directory, e);
      }
    }
  }

  /** Deletes all that can be deleted, also what a task has put there, and links as such. */
  private static void deleteContent(Path directory) throws IOException {
    IOException last = null;
    for (Path file : Listing.of(directory, "*")) {
      try {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          deleteContent(file);
        }
        Files.deleteIfExists(file);
      } catch (IOException e) {
        last = e;
      }
    }
    if (last != null) {
      throw last;
    }
  }

  /** Returns whether a process with this id has left a folder behind. */
  public static boolean hasAnyOf(long pid) {
    for (Path base : bases()) {
      try {
        if (!Listing.of(base, PREFIX + pid + "-*").isEmpty()) {
          return true;
        }
      } catch (IOException e) {
        Log.get().log(System.Logger.Level.DEBUG, "could not be searched: " + base, e);
      }
    }
    return false;
  }

  /** Deletes the folders that a process that is gone has left behind. */
  public static void deleteAllOf(long pid) {
    for (Path base : bases()) {
      try {
        Listing.of(base, PREFIX + pid + "-*").forEach(PrivateDirectory::delete);
      } catch (IOException e) {
        Log.get().log(System.Logger.Level.DEBUG, "left for a later sweep, in " + base, e);
      }
    }
  }

  /** Deletes the folders of owners that were killed before they could delete them. */
  public static void sweep(List<Path> bases) {
    for (Path base : bases) {
      try {
        for (Path directory : Listing.of(base, PREFIX + "*-*")) {
          String name = String.valueOf(directory.getFileName());
          // Never the folders of this process, perhaps of another class loader: closing a file in
          // them would release the lock.
          if (!name.startsWith(OWN_PREFIX)
              && Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
              && Files.isWritable(directory)) {
            sweep(directory, name);
          }
        }
      } catch (IOException e) {
        Log.get().log(System.Logger.Level.DEBUG, "could not be swept: " + base, e);
      }
    }
  }

  private static void sweep(Path directory, String name) {
    Path file = directory.resolve(OWNER);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        Reaper.killMarked(name + "/"); // such as a worker that was stopped by a signal
        delete(directory);
      }
    } catch (NoSuchFileException e) {
      if (isOldAndAbandoned(directory, name)) {
        delete(directory);
      }
    } catch (OverlappingFileLockException e) {
      // Another pool of this process is deleting it at this moment.
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "could not be swept: " + directory, e);
    }
  }

  /** Returns whether the process that created the folder has ended, and left it behind. */
  public static boolean isAbandoned(Path directory) {
    try (FileChannel channel =
            FileChannel.open(directory.resolve(OWNER), StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      return lock != null;
    } catch (IOException | OverlappingFileLockException e) {
      return false; // deleted already, or the folder of a pool of this process
    }
  }

  private static boolean isOldAndAbandoned(Path directory, String name) {
    String pid = name.substring(PREFIX.length(), name.indexOf('-', PREFIX.length()));
    try {
      Instant changed = Files.getLastModifiedTime(directory).toInstant();
      return pid.matches("[0-9]{1,18}")
          && changed.isBefore(Instant.now().minus(MAKING))
          && ProcessHandle.of(Long.parseLong(pid)).isEmpty();
    } catch (IOException e) {
      return false; // deleted already
    }
  }
}
