package io.github.fornada.spark;

import io.github.fornada.ContextCarrier;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.ProcessOptions;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * The options of a pool on a Spark cluster. Immutable: each {@code with} method returns a changed
 * copy.
 */
public final class SparkOptions {
  private final int workers;
  private final UnaryOperator<ProcessOptions> workerOptions;
  private final Map<String, String> settings;
  private final Duration silenceLimit;
  private final Duration startupTimeout;
  private final boolean isolated;

  private SparkOptions(
      int workers,
      UnaryOperator<ProcessOptions> workerOptions,
      Map<String, String> settings,
      Duration silenceLimit,
      Duration startupTimeout,
      boolean isolated) {
    this.workers = workers;
    this.workerOptions = workerOptions;
    this.settings = Map.copyOf(settings);
    this.silenceLimit = silenceLimit;
    this.startupTimeout = startupTimeout;
    this.isolated = isolated;
  }

  static SparkOptions defaults() {
    return new SparkOptions(
        0, o -> o, Map.of(), Duration.ofSeconds(60), Duration.ofMinutes(2), true);
  }

  /**
   * Returns options with at most {@code count} workers in the whole cluster; {@code count} must be
   * at least 1. By default there are as many as the cluster gives cores.
   */
  public SparkOptions withWorkers(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("workers must be at least 1, got " + count);
    }
    return new SparkOptions(count, workerOptions, settings, silenceLimit, startupTimeout, isolated);
  }

  /**
   * Returns options in which {@code change} is applied to the options of the worker JVMs, after the
   * changes of earlier calls. Their number is ignored; initializers, worker states and codecs are
   * refused.
   */
  public SparkOptions withWorkerOptions(UnaryOperator<ProcessOptions> change) {
    UnaryOperator<ProcessOptions> before = workerOptions;
    return new SparkOptions(
        workers,
        o -> change.apply(before.apply(o)),
        settings,
        silenceLimit,
        startupTimeout,
        isolated);
  }

  /**
   * Returns options in which items run in threads of the executors' own JVMs, and not in worker
   * JVMs beside them: for items that are known to be tame, where executors have no room for further
   * JVMs.
   *
   * <p>What is lost: an item that exits, crashes or needs too much memory ends its executor, with
   * all that runs there. An item over its timeout is interrupted; if it ignores that, it is
   * reported as timed out and goes on running. What items print is in the executor's own output.
   * The executor's own libraries, which are Spark's, come before the program's. The heap is that of
   * the executor ({@code spark.executor.memory}), and so are its JVM options and its working
   * folder: the pool is refused if {@link #withWorkerOptions} sets any of these.
   */
  public SparkOptions withoutIsolation() {
    return new SparkOptions(workers, workerOptions, settings, silenceLimit, startupTimeout, false);
  }

  /** Returns options with a heap of at most {@code size} for each worker, such as {@code 512m}. */
  public SparkOptions withHeap(String size) {
    return withWorkerOptions(o -> o.withHeap(size));
  }

  /**
   * Returns options in which Spark's setting {@code name} has the value {@code value}, such as
   * {@code spark.executor.memory}. They have no effect on a context that exists already.
   */
  public SparkOptions withSetting(String name, String value) {
    var all = new TreeMap<>(settings);
    all.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
    return new SparkOptions(workers, workerOptions, all, silenceLimit, startupTimeout, isolated);
  }

  /**
   * Returns options in which an executor counts as lost when it was not heard of for {@code limit},
   * which must be at least 10 seconds. The default is a minute. Spark itself tells of most losses
   * much sooner; this is for machines that stop without a word.
   */
  public SparkOptions withSilenceLimit(Duration limit) {
    if (limit.compareTo(Duration.ofSeconds(10)) < 0) {
      throw new IllegalArgumentException("silence limit must be at least 10 s, got " + limit);
    }
    return new SparkOptions(workers, workerOptions, settings, limit, startupTimeout, isolated);
  }

  /**
   * Returns options in which items wait at most {@code limit} while the cluster gives no executor;
   * {@code limit} must be positive. Opening the pool waits as long. The default is two minutes.
   */
  public SparkOptions withStartupTimeout(Duration limit) {
    if (!limit.isPositive()) {
      throw new IllegalArgumentException("start-up timeout must be positive, got " + limit);
    }
    return new SparkOptions(workers, workerOptions, settings, silenceLimit, limit, isolated);
  }

  // ---- policy

  /** Returns options with {@code changed} as the policy. */
  public SparkOptions withPolicy(TaskPolicy changed) {
    return withWorkerOptions(o -> o.withPolicy(changed));
  }

  /**
   * Returns options in which one item may run for at most {@code limit}, counted from its own
   * start. Must be positive.
   */
  public SparkOptions withTimeout(Duration limit) {
    return withWorkerOptions(o -> o.withTimeout(limit));
  }

  /**
   * Returns options in which an item that failed, timed out or lost its worker or executor is tried
   * again up to {@code times} times; {@code times} must be at least 0.
   */
  public SparkOptions withRetries(int times) {
    return withWorkerOptions(o -> o.withRetries(times));
  }

  /**
   * Returns options in which at most {@code items} items are taken from a stream's source ahead of
   * the consumer; {@code items} must be at least 1.
   */
  public SparkOptions withWindow(int items) {
    return withWorkerOptions(o -> o.withWindow(items));
  }

  /** Returns options with {@code listener} in addition to the listeners of these options. */
  public SparkOptions withListener(TaskListener listener) {
    return withWorkerOptions(o -> o.withListener(listener));
  }

  /**
   * Returns options with {@code carrier}, which carries context from the calling thread to the
   * items, in addition to the carriers of these options.
   */
  public SparkOptions withCarrier(ContextCarrier<?> carrier) {
    return withWorkerOptions(o -> o.withCarrier(carrier));
  }

  /** Returns the maximum number of workers; 0 for as many as the cluster gives cores. */
  public int workers() {
    return workers;
  }

  /** Returns {@code base} with the changes to the options of the worker JVMs. */
  public ProcessOptions workerOptions(ProcessOptions base) {
    return workerOptions.apply(base);
  }

  /** Returns Spark's settings that were chosen. */
  public Map<String, String> settings() {
    return settings;
  }

  /** Returns whether items run in JVMs of their own, beside the executors. */
  public boolean isolated() {
    return isolated;
  }

  /** Returns how long an executor may not be heard of. */
  public Duration silenceLimit() {
    return silenceLimit;
  }

  /** Returns how long items wait for an executor. */
  public Duration startupTimeout() {
    return startupTimeout;
  }
}
