package io.github.fornada.process;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * A folder that nobody but the user can enter, for a pool's socket and its shared files; in memory
 * where the system has such a place. Its name holds the owner's process id, so that what a killed
 * owner left behind can be told from what is in use.
 */
final class PrivateDirectory {
  private static final String PREFIX = "fornada-";

  /**
   * Longest path of a Unix-domain socket on Linux is 107 bytes, on macOS 103; less our file names.
   */
  private static final int LONGEST = 80;

  private PrivateDirectory() {}

  static Path create() throws IOException {
    IOException last = null;
    for (Path base : bases()) {
      try {
        // Nobody has to guess the name: who may enter is settled with the making of it.
        String name = PREFIX + ProcessHandle.current().pid() + "-" + Secrets.hexadecimal(8);
        return Files.createDirectory(base.resolve(name), onlyOwner(base));
      } catch (IOException e) {
        last = e;
      }
    }
    throw new IOException(
        "no folder for the pool's socket could be made in any of "
            + bases()
            + "; set java.io.tmpdir to a folder with a path of at most "
            + LONGEST
            + " characters that can be written to",
        last);
  }

  /** Where such folders may be, best first. */
  private static List<Path> bases() {
    var bases = new ArrayList<Path>();
    for (String name : List.of("/dev/shm", System.getProperty("java.io.tmpdir"), "/tmp")) {
      Path base = Path.of(name);
      if (name.length() <= LONGEST - 30 && Files.isDirectory(base) && Files.isWritable(base)) {
        bases.add(base);
      }
    }
    return bases;
  }

  private static FileAttribute<?>[] onlyOwner(Path base) {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
            && base.getFileSystem().equals(FileSystems.getDefault())
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  /** Deletes the folder and all in it, as far as that can be done. */
  static void delete(Path directory) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(directory);
    } catch (NoSuchFileException e) {
      // Somebody was quicker: the parent, a worker and a later pool's sweep may all do this.
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "left behind for a later sweep: " + directory, e);
    }
  }

  /** Deletes what a process that is gone has left behind. */
  static void deleteAllOf(long pid) {
    for (Path base : bases()) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(base, PREFIX + pid + "-*")) {
        found.forEach(PrivateDirectory::delete);
      } catch (IOException | DirectoryIteratorException e) {
        Log.get().log(System.Logger.Level.DEBUG, "left for a later sweep, in " + base, e);
      }
    }
  }

  /** Deletes what owners that are gone have left behind: they were killed before they could. */
  static void sweep() {
    for (Path base : bases()) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(base, PREFIX + "*-*")) {
        for (Path directory : found) {
          if (isAbandoned(directory)) {
            Offspring.killMarked(directory.getFileName() + "/"); // a worker that was stopped, say
            delete(directory);
          }
        }
      } catch (IOException e) {
        Log.get().log(System.Logger.Level.DEBUG, "could not be swept: " + base, e);
      }
    }
  }

  private static boolean isAbandoned(Path directory) throws IOException {
    String name = String.valueOf(directory.getFileName());
    String pid = name.substring(PREFIX.length(), name.indexOf('-', PREFIX.length()));
    return pid.matches("[0-9]{1,18}")
        && Files.isDirectory(directory)
        && Files.isWritable(directory)
        && ProcessHandle.of(Long.parseLong(pid)).isEmpty();
  }
}
