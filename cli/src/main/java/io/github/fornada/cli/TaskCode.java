package io.github.fornada.cli;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The user's code: classes compiled in memory, and the class path. It is sent with the task, so
 * that a worker needs only Fornada itself.
 *
 * @param id names this code within a JVM, so that a worker loads it once for all batches
 * @param classes bytes of the classes compiled in memory, by binary name
 * @param source absolute path of the source file; null if nothing was compiled
 * @param classPath absolute paths of folders and jars
 */
record TaskCode(
    String id, Map<String, byte[]> classes, @Nullable String source, List<String> classPath)
    implements Serializable {
  private static final Map<String, TaskLoader> LOADERS = new ConcurrentHashMap<>();

  TaskCode {
    classes = Map.copyOf(classes);
    classPath = List.copyOf(classPath);
  }

  static TaskCode of(Map<String, byte[]> classes, @Nullable Path source, List<String> classPath) {
    return new TaskCode(
        UUID.randomUUID().toString(),
        classes,
        source == null ? null : source.toAbsolutePath().normalize().toString(),
        classPath);
  }

  /** Returns the loader of this code in this JVM; created at the first call. */
  TaskLoader loader() {
    return LOADERS.computeIfAbsent(id, key -> new TaskLoader(this, false));
  }

  /**
   * Returns a loader like {@link #loader} for the JVM of the command itself: a call of {@code
   * System.exit} in the code fails its item instead of ending the command and losing all results.
   */
  TaskLoader guardedLoader() {
    return LOADERS.computeIfAbsent(id, key -> new TaskLoader(this, true));
  }
}
