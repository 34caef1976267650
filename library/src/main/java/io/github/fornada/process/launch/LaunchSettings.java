package io.github.fornada.process.launch;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings that the start of a worker JVM depends on.
 *
 * @param workers the maximum number of workers at once, which share the memory; at least 1
 * @param heap the maximum heap of each, in the form of {@code -Xmx}; null for a share of the memory
 * @param jvmOptions further options of the JVM, in order
 * @param environment variables added to this process's own
 * @param directory the working directory; null for this process's own
 * @param aotCache whether an ahead-of-time cache may be used and made
 * @param alone whether the workers get this library only, and nothing else of this JVM's class path
 *     and options: for functions of another JVM, which has their classes
 */
public record LaunchSettings(
    int workers,
    @Nullable String heap,
    List<String> jvmOptions,
    Map<String, String> environment,
    @Nullable Path directory,
    boolean aotCache,
    boolean alone) {
  /** Returns these settings for workers that get this library only. */
  public LaunchSettings madeAlone() {
    return new LaunchSettings(workers, heap, jvmOptions, environment, directory, aotCache, true);
  }
}
