package io.github.fornada.spi;

import io.github.fornada.SharedBytes;
import io.github.fornada.jvm.FileBacked;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Files whose content is shared with the tasks of a pool. */
final class SharedFiles {
  private SharedFiles() {}

  /**
   * Checks that a file can be shared: opening a pipe may wait for ever, and a folder has no bytes.
   * For a file that is not there, the attempt to open it says so.
   */
  static void check(Path file) {
    if (Files.isDirectory(file)) {
      throw refused(file + " is a folder, which has no bytes to share: share each file in it");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw refused(file + " is no regular file and cannot be mapped: read it and share its bytes");
    }
  }

  private static UncheckedIOException refused(String why) {
    return new UncheckedIOException(new IOException(why));
  }

  /**
   * Returns an error with an explanation if it says that memory could not be read and one of the
   * shared files has become shorter; else the error itself.
   */
  static InternalError explained(InternalError thrown, Set<SharedBytes> shared) {
    for (SharedBytes bytes : shared) {
      Path file = bytes instanceof FileBacked of ? of.file() : null;
      long now = file == null ? Long.MAX_VALUE : size(file);
      if (now < bytes.byteSize()) {
        return new InternalError(
            file
                + " was truncated while it was shared: it had "
                + bytes.byteSize()
                + " bytes, and has "
                + now
                + ". What lies behind its end cannot be read any more. Do not change a file that is"
                + " shared; write a new one beside it and share that",
            thrown);
      }
    }
    return thrown;
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return Long.MAX_VALUE; // it is gone: whoever has mapped it can still read it
    }
  }
}
