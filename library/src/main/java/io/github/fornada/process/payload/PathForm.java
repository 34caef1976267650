package io.github.fornada.process.payload;

import java.io.Serial;
import java.io.Serializable;
import java.nio.file.FileSystems;
import java.nio.file.Path;

/**
 * A path on its way to another process of this machine: the JDK's own paths are not serializable,
 * and files are what tasks are most often about.
 */
public record PathForm(String text) implements Serializable {
  /** Whether the path means the same in another process. */
  public static boolean isOrdinary(Path path) {
    return path.getFileSystem().equals(FileSystems.getDefault());
  }

  static PathForm of(Path path) {
    return new PathForm(path.toString());
  }

  @Serial
  private Object readResolve() {
    return Path.of(text);
  }
}
