package io.github.fornada.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Identifies the file that a path leads to, through any links: two paths with equal identities lead
 * to one file.
 *
 * @param key device and inode, or the real path if there are none
 */
record FileIdentity(String key) {
  /**
   * Returns the identity of the file at a path; null if there is no file, or one that can be read
   * and written at the same time without harm: a terminal, {@code /dev/null}, a socket.
   */
  static @Nullable FileIdentity of(Path path) {
    try {
      Map<String, Object> attributes = Files.readAttributes(path, "unix:mode,dev,ino");
      FileKind kind = FileKind.ofMode(attributes.get("mode"));
      if (kind != FileKind.REGULAR && kind != FileKind.PIPE && kind != FileKind.BLOCK_DEVICE) {
        return null;
      }
      return new FileIdentity(attributes.get("dev") + ":" + attributes.get("ino"));
    } catch (UnsupportedOperationException | IllegalArgumentException e) {
      return byRealPath(path); // this system has no inodes
    } catch (IOException e) {
      return null;
    }
  }

  private static @Nullable FileIdentity byRealPath(Path path) {
    try {
      return Files.isRegularFile(path) ? new FileIdentity(path.toRealPath().toString()) : null;
    } catch (IOException e) {
      return null;
    }
  }

  /**
   * Returns the identity as {@link #of}; for a file that does not exist yet, that of its folder
   * with the file's name.
   */
  static @Nullable FileIdentity ofOutput(Path target) {
    return Files.exists(target) ? of(target) : ofPlace(target);
  }

  /**
   * Returns an identity of the place of a file, whether there is a file or not: its folder with its
   * name. The folder need not exist.
   */
  static @Nullable FileIdentity ofPlace(Path target) {
    Path folder = target.toAbsolutePath().getParent();
    Path name = target.getFileName();
    if (folder == null || name == null) {
      return null;
    }
    try {
      boolean ignoresCase = !System.getProperty("os.name", "").startsWith("Linux");
      String last = ignoresCase ? name.toString().toLowerCase(Locale.ROOT) : name.toString();
      Path there = folder;
      while (there.getParent() != null && !Files.exists(there)) {
        there = there.getParent();
      }
      Path missing = there.relativize(folder);
      Path real = there.toRealPath().resolve(missing).normalize();
      String above = ignoresCase ? real.toString().toLowerCase(Locale.ROOT) : real.toString();
      return new FileIdentity(Path.of(above).resolve(last).toString());
    } catch (IOException e) {
      return null; // the folder cannot be read, which is reported when the file is opened
    }
  }

  /** Returns the number of names (hard links) of the file; 1 if that is not known. */
  static int names(Path path) {
    try {
      return Files.getAttribute(path, "unix:nlink") instanceof Integer n ? n : 1;
    } catch (UnsupportedOperationException | IllegalArgumentException | IOException e) {
      return 1;
    }
  }
}
