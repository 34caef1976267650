package io.github.fornada.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What a path leads to, on systems with the modes of Unix. */
enum FileKind {
  PIPE(0x1000, "a pipe"),
  DEVICE(0x2000, "a device"),
  FOLDER(0x4000, "a folder"),
  BLOCK_DEVICE(0x6000, "a device"),
  REGULAR(0x8000, "a file"),
  SOCKET(0xC000, "a socket");

  private static final int MASK = 0xF000;

  private final int bits;
  private final String words;

  FileKind(int bits, String words) {
    this.bits = bits;
    this.words = words;
  }

  /** Returns its name in messages. */
  String words() {
    return words;
  }

  /** Returns the kind for the attribute {@code unix:mode}; null if it is another. */
  static @Nullable FileKind ofMode(@Nullable Object mode) {
    if (mode instanceof Integer number) {
      for (FileKind each : values()) {
        if (each.bits == (number & MASK)) {
          return each;
        }
      }
    }
    return null;
  }

  /** Returns what a path leads to, through any links; null if it leads nowhere. */
  static @Nullable FileKind of(Path path) {
    try {
      return ofMode(Files.getAttribute(path, "unix:mode"));
    } catch (UnsupportedOperationException | IllegalArgumentException | IOException e) {
      return null; // no such file, or this system has no modes
    }
  }
}
