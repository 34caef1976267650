package io.github.fornada.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which file a path means, whatever links lead there: two paths with equal identities are one file.
 *
 * @param key device and inode, or the real path where there are none
 */
record FileIdentity(String key) {
  private static final int TYPE_MASK = 0xF000;
  private static final int PIPE = 0x1000;
  private static final int BLOCK_DEVICE = 0x6000;
  private static final int REGULAR = 0x8000;

  /**
   * The file at a path; null if there is none, or one that can be read and written at the same time
   * without harm: a terminal, {@code /dev/null}, a socket.
   */
  static @Nullable FileIdentity of(Path path) {
    try {
      Map<String, Object> attributes = Files.readAttributes(path, "unix:mode,dev,ino");
      int type = attributes.get("mode") instanceof Integer mode ? mode & TYPE_MASK : 0;
      if (type != REGULAR && type != PIPE && type != BLOCK_DEVICE) {
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

  /** As {@link #of}; for a file that is not there yet, its place in its folder. */
  static @Nullable FileIdentity ofOutput(Path target) {
    if (Files.exists(target)) {
      return of(target);
    }
    Path folder = target.toAbsolutePath().getParent();
    Path name = target.getFileName();
    if (folder == null || name == null) {
      return null;
    }
    try {
      boolean ignoresCase = !System.getProperty("os.name", "").startsWith("Linux");
      String last = ignoresCase ? name.toString().toLowerCase(Locale.ROOT) : name.toString();
      return new FileIdentity(folder.toRealPath().resolve(last).toString());
    } catch (IOException e) {
      return null; // no such folder, which is reported when the file is opened
    }
  }

  /** How many names the file has; 1 if that is not known. */
  static int names(Path path) {
    try {
      return Files.getAttribute(path, "unix:nlink") instanceof Integer n ? n : 1;
    } catch (UnsupportedOperationException | IllegalArgumentException | IOException e) {
      return 1;
    }
  }
}
