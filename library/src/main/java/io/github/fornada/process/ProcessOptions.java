package io.github.fornada.process;

import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a pool of worker JVMs is set up. Immutable: each {@code with} method gives a changed copy.
 *
 * @param workers the number of worker JVMs, each running one task at a time
 * @param heap the most heap each worker may use, as {@code -Xmx} takes it; null for an equal share
 *     of a quarter of the machine's memory
 * @param jvmOptions further options of the workers' JVMs
 * @param environment variables set for the workers beside the parent's own
 * @param directory the workers' working directory; null for the parent's
 * @param startupLimit how long a worker may take until it is ready
 * @param policy limits, retries, window and listeners
 */
public record ProcessOptions(
    int workers,
    @Nullable String heap,
    List<String> jvmOptions,
    Map<String, String> environment,
    @Nullable Path directory,
    Duration startupLimit,
    TaskPolicy policy) {
  private static final Pattern SIZE = Pattern.compile("[1-9][0-9]*[kKmMgG]?");

  public ProcessOptions {
    if (workers < 1) {
      throw new IllegalArgumentException("workers must be at least 1, got " + workers);
    }
    if (heap != null && !SIZE.matcher(heap).matches()) {
      throw new IllegalArgumentException(
          "heap must be a number with k, m or g, such as 512m, got \"" + heap + "\"");
    }
    if (!startupLimit.isPositive()) {
      throw new IllegalArgumentException("start-up limit must be positive, got " + startupLimit);
    }
    Objects.requireNonNull(policy, "policy");
    jvmOptions = List.copyOf(jvmOptions);
    environment = Map.copyOf(environment);
  }

  static ProcessOptions defaults() {
    return new ProcessOptions(
        Runtime.getRuntime().availableProcessors(),
        null,
        List.of(),
        Map.of(),
        null,
        Duration.ofSeconds(30),
        TaskPolicy.DEFAULT);
  }

  /** With so many worker JVMs. */
  public ProcessOptions withWorkers(int count) {
    return new ProcessOptions(
        count, heap, jvmOptions, environment, directory, startupLimit, policy);
  }

  /** With this much heap for each worker at most, such as {@code 512m}. */
  public ProcessOptions withHeap(String size) {
    return new ProcessOptions(
        workers, size, jvmOptions, environment, directory, startupLimit, policy);
  }

  /** With these further options for the workers' JVMs, such as {@code -XX:+UseParallelGC}. */
  public ProcessOptions withJvmOptions(String... options) {
    return new ProcessOptions(
        workers, heap, List.of(options), environment, directory, startupLimit, policy);
  }

  /** With one more variable in the workers' environment. */
  public ProcessOptions withEnvironment(String name, String value) {
    var all = new TreeMap<>(environment);
    all.put(name, value);
    return new ProcessOptions(workers, heap, jvmOptions, all, directory, startupLimit, policy);
  }

  /** With this working directory for the workers. */
  public ProcessOptions withDirectory(Path path) {
    return new ProcessOptions(workers, heap, jvmOptions, environment, path, startupLimit, policy);
  }

  /** With so much time for a worker to become ready. */
  public ProcessOptions withStartupLimit(Duration limit) {
    return new ProcessOptions(workers, heap, jvmOptions, environment, directory, limit, policy);
  }

  /** With this policy. */
  public ProcessOptions withPolicy(TaskPolicy changed) {
    return new ProcessOptions(
        workers, heap, jvmOptions, environment, directory, startupLimit, changed);
  }

  /** With the longest one item may run, counted from its own start. */
  public ProcessOptions withTimeLimit(Duration limit) {
    return withPolicy(policy.withTimeLimit(limit));
  }

  /** With so many further tries of an item that did not get done. */
  public ProcessOptions withRetries(int times) {
    return withPolicy(policy.withRetries(times));
  }

  /** With at most so many items taken from a stream's source ahead of what was consumed. */
  public ProcessOptions withWindow(int items) {
    return withPolicy(policy.withWindow(items));
  }

  /** With one more listener. */
  public ProcessOptions withListener(TaskListener listener) {
    return withPolicy(policy.withListener(listener));
  }
}
