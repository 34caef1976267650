package io.github.fornada.contract;

import io.github.fornada.Waiting;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Signals between tasks and tests across processes: each mark is a file with one line for each time
 * it was set.
 */
record Marks(String folder) implements Serializable {
  private Path file(Object name) {
    return Path.of(folder, name.toString());
  }

  void set(Object name) {
    try {
      Files.writeString(file(name), "set\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean has(Object name) {
    return Files.exists(file(name));
  }

  /** Whether the test that these belong to goes on. */
  boolean isThere() {
    return Files.exists(Path.of(folder));
  }

  /** How often it was set. */
  int times(Object name) {
    try {
      return has(name) ? Files.readAllLines(file(name)).size() : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> all() {
    try (var files = Files.list(Path.of(folder))) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it is set; an interrupt ends the wait. */
  void await(Object name) throws InterruptedException {
    Thread self = Thread.currentThread();
    Waiting.until("\"" + name + "\" was marked", () -> has(name) || self.isInterrupted());
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }
}
