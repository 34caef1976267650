package io.github.fornada.process;

import io.github.fornada.ContextCarrier;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.launch.LaunchSettings;
import io.github.fornada.spi.PayloadCodec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How a pool of worker JVMs is set up. Immutable: each {@code with} method returns a changed copy.
 */
public final class ProcessOptions {
  private final int workers;
  private final WorkerLaunch launch;
  private final WorkerLife life;
  private final TaskPolicy policy;

  private ProcessOptions(int workers, WorkerLaunch launch, WorkerLife life, TaskPolicy policy) {
    if (workers < 1) {
      throw new IllegalArgumentException("workers must be at least 1, got " + workers);
    }
    this.workers = workers;
    this.launch = Objects.requireNonNull(launch, "launch");
    this.life = Objects.requireNonNull(life, "life");
    this.policy = Objects.requireNonNull(policy, "policy");
  }

  /** What starting a worker needs of these options. */
  LaunchSettings launchSettings() {
    return new LaunchSettings(
        workers,
        launch.heap(),
        launch.allJvmOptions(),
        launch.environment(),
        launch.directory(),
        launch.aotCache());
  }

  static ProcessOptions defaults() {
    return new ProcessOptions(
        Runtime.getRuntime().availableProcessors(),
        WorkerLaunch.DEFAULT,
        WorkerLife.DEFAULT,
        TaskPolicy.DEFAULT);
  }

  /** Returns options with at most {@code count} worker JVMs. At least 1. */
  public ProcessOptions withWorkers(int count) {
    return new ProcessOptions(count, launch, life, policy);
  }

  /** Returns options with a changed way of starting workers. */
  public ProcessOptions withLaunch(UnaryOperator<WorkerLaunch> change) {
    return new ProcessOptions(workers, change.apply(launch), life, policy);
  }

  /** Returns options with a changed life of workers. */
  public ProcessOptions withLife(UnaryOperator<WorkerLife> change) {
    return new ProcessOptions(workers, launch, change.apply(life), policy);
  }

  /** Returns options with this policy. */
  public ProcessOptions withPolicy(TaskPolicy changed) {
    return new ProcessOptions(workers, launch, life, changed);
  }

  // ---- launch

  /** Returns options with a heap of at most {@code size} for each worker, such as {@code 512m}. */
  public ProcessOptions withHeap(String size) {
    return withLaunch(l -> l.withHeap(size));
  }

  /** Returns options with further options for the workers' JVMs, such as {@code -XX:+UseZGC}. */
  public ProcessOptions withJvmOptions(String... options) {
    return withLaunch(l -> l.withJvmOptions(options));
  }

  /** Returns options with one more variable in the workers' environment. */
  public ProcessOptions withEnvironment(String name, String value) {
    return withLaunch(l -> l.withEnvironment(name, value));
  }

  /** Returns options with {@code path} as the workers' working directory. */
  public ProcessOptions withDirectory(Path path) {
    return withLaunch(l -> l.withDirectory(path));
  }

  /**
   * Returns options in which a worker has {@code limit} to become ready, its initializer included.
   * Must be positive.
   */
  public ProcessOptions withStartupTimeout(Duration limit) {
    return withLaunch(l -> l.withStartupTimeout(limit));
  }

  /**
   * Returns options with code that each worker runs before its first task, such as loading a model
   * into a static field. If it fails the pool fails: every task ends with what it threw.
   */
  public ProcessOptions withInitializer(WorkerInitializer initializer) {
    return withLaunch(l -> l.withInitializer(initializer));
  }

  /**
   * Returns options with a state that each worker makes once, before its first task and after the
   * initializer. Several states are made in the order of these calls. If one fails the pool fails:
   * every task ends with what it threw.
   *
   * @throws IllegalArgumentException if the handle came from another process
   */
  public ProcessOptions withWorkerState(WorkerState<?> state) {
    WorkerState.Recipe _ = state.recipe();
    return withLaunch(l -> l.withWorkerState(state));
  }

  /**
   * Returns options with the class files of classes that were defined at run time, where their
   * loader does not give them.
   *
   * @see WorkerLaunch#withClassFiles
   */
  public ProcessOptions withClassFiles(Function<String, byte @Nullable []> find) {
    return withLaunch(l -> l.withClassFiles(find));
  }

  /**
   * Returns options with a codec for items and results that have no encoding of Fornada's own, in
   * the place of the JDK's serialization: for speed, or for classes that are not {@link
   * java.io.Serializable}. Functions still have to be serializable.
   */
  public ProcessOptions withCodec(PayloadCodec codec) {
    return withLaunch(l -> l.withCodec(codec));
  }

  /**
   * Returns options without the cache from which workers start faster: none is used, and none is
   * made. By default a cache is made once for all programs of the user, by a process of low
   * priority, in the user's cache folder; with the system property {@code
   * io.github.fornada.aotCache=use} a program uses one that is there, but makes none.
   */
  public ProcessOptions withoutAotCache() {
    return withLaunch(WorkerLaunch::withoutAotCache);
  }

  // ---- life

  /**
   * Returns options in which {@code count} workers are kept even when there is nothing to do; the
   * others are started on demand and leave when idle. By default all are started at once and stay.
   */
  public ProcessOptions withMinWorkers(int count) {
    return withLife(l -> l.withMinWorkers(count));
  }

  /** Returns options with {@code count} warm workers that take the place of one that dies. */
  public ProcessOptions withSpares(int count) {
    return withLife(l -> l.withSpares(count));
  }

  /**
   * Returns options in which a worker is replaced after {@code count} tasks, by one that was
   * started beforehand.
   */
  public ProcessOptions withMaxTasks(int count) {
    return withLife(l -> l.withMaxTasks(count));
  }

  /** Returns options in which a worker is replaced at the age {@code age}, between two tasks. */
  public ProcessOptions withMaxAge(Duration age) {
    return withLife(l -> l.withMaxAge(age));
  }

  /**
   * Returns options with a bound on each worker's resident memory, heap and all, such as {@code
   * 1g}: a worker above three quarters of it is replaced between two tasks, one above it is killed.
   * What can be shared with other processes, such as mapped files, does not count. Linux only.
   */
  public ProcessOptions withResidentLimit(String size) {
    return withLife(l -> l.withResidentLimit(size));
  }

  // ---- policy

  /**
   * Returns options in which one item may run for at most {@code limit}, counted from its own
   * start. Must be positive.
   */
  public ProcessOptions withTimeout(Duration limit) {
    return withPolicy(policy.withTimeout(limit));
  }

  /**
   * Returns options in which an item without a result is tried again up to {@code times} times. At
   * least 0.
   */
  public ProcessOptions withRetries(int times) {
    return withPolicy(policy.withRetries(times));
  }

  /**
   * Returns options in which at most {@code items} items are taken from a stream's source ahead of
   * what was consumed. At least 1.
   */
  public ProcessOptions withWindow(int items) {
    return withPolicy(policy.withWindow(items));
  }

  /** Returns options with {@code listener} beside the listeners of these. */
  public ProcessOptions withListener(TaskListener listener) {
    return withPolicy(policy.withListener(listener));
  }

  /**
   * Returns options with {@code carrier}, which brings context from the calling thread to those
   * that run the items. The carrier and what it captures must be serializable.
   */
  public ProcessOptions withCarrier(ContextCarrier<?> carrier) {
    return withPolicy(policy.withCarrier(carrier));
  }

  /** Returns the most worker JVMs at once, each running one task at a time. */
  public int workers() {
    return workers;
  }

  /** Returns how a worker is started. */
  public WorkerLaunch launch() {
    return launch;
  }

  /** Returns when workers come and go. */
  public WorkerLife life() {
    return life;
  }

  /** Returns the timeout, retries, window, listeners and carriers. */
  public TaskPolicy policy() {
    return policy;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ProcessOptions that
        && workers == that.workers
        && launch.equals(that.launch)
        && life.equals(that.life)
        && policy.equals(that.policy);
  }

  @Override
  public int hashCode() {
    return Objects.hash(workers, launch, life, policy);
  }

  @Override
  public String toString() {
    return "ProcessOptions[workers="
        + workers
        + ", launch="
        + launch
        + ", life="
        + life
        + ", policy="
        + policy
        + "]";
  }
}
