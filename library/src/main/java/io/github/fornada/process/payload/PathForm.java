package io.github.fornada.process.payload;

import java.io.Serial;
import java.io.Serializable;
import java.nio.file.FileSystems;
import java.nio.file.Path;

/**
 * The form in which a path is sent to another process of this machine: the JDK's own paths are not
 * serializable, and tasks often work on files.
 */
public record PathForm(String text) implements Serializable {
  /** Returns whether the path means the same in another process. */
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
