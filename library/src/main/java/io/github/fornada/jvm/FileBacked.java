package io.github.fornada.jvm;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Bytes that may be the content of a file of the user's. */
public interface FileBacked {
  /** Returns the file; null if the bytes are in no file of the user's. */
  @Nullable Path file();
}
