package io.github.fornada.process.payload;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
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

  @Serial
  private Object readResolve() {
    return Path.of(text);
  }

  /** Writes paths, wherever in a graph of objects they are, in this form. */
  static final class Stream extends ObjectOutputStream {
    Stream(OutputStream out) throws IOException {
      super(out);
      var _ = enableReplaceObject(true);
    }

    @Override
    protected Object replaceObject(Object object) {
      return object instanceof Path path && isOrdinary(path)
          ? new PathForm(path.toString())
          : object;
    }
  }
}
