package io.github.fornada.scenarios.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a scenario prepares, and how it is taken down again: in the opposite order when the scenario
 * ends, and also if the JVM is told to end before.
 */
public final class Setup implements AutoCloseable {
  private final Size size;
  private final Thread hook = new Thread(this::closeQuietly, "scenarios-clean-up");

  // Guarded by this.
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private @Nullable Path folder;
  private boolean closed;

  /** Creates the setup of one scenario. */
  public Setup(Size size) {
    this.size = size;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Returns how much the scenario does. */
  public Size size() {
    return size;
  }

  /** Returns the number of processors. */
  public int processors() {
    return Runtime.getRuntime().availableProcessors();
  }

  /** Closes {@code resource} when the scenario ends. Returns it. */
  public synchronized <T extends AutoCloseable> T closeAtEnd(T resource) {
    if (closed) {
      throw new IllegalStateException("the scenario has ended");
    }
    opened.push(resource);
    return resource;
  }

  /**
   * Returns a folder of its own, which is deleted when the scenario ends.
   *
   * @throws UncheckedIOException if it cannot be created
   */
  public synchronized Path folder() {
    Path existing = folder;
    if (existing != null) {
      return existing;
    }
    try {
      Path created = Files.createTempDirectory("fornada-scenario-");
      folder = created;
      opened.addLast(() -> delete(created));
      return created;
    } catch (IOException e) {
      throw new UncheckedIOException("no folder for the scenario's files can be created", e);
    }
  }

  private static void delete(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  private synchronized List<AutoCloseable> takeAll() {
    closed = true;
    var all = new ArrayList<>(opened);
    opened.clear();
    return all;
  }

  private void closeQuietly() {
    for (AutoCloseable resource : takeAll()) {
      try {
        resource.close();
      } catch (Exception e) {
        System.err.println("fornada: not cleaned up: " + e);
      }
    }
  }

  @Override
  public void close() throws IOException {
    IOException first = null;
    for (AutoCloseable resource : takeAll()) {
      try {
        resource.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // the others are still closed
      } catch (Exception e) {
        if (first == null) {
          first = new IOException("the scenario's things are not cleaned up: " + e, e);
        } else {
          first.addSuppressed(e);
        }
      }
    }
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // the JVM is ending; the hook finds nothing left
    }
    if (first != null) {
      throw first;
    }
  }
}
