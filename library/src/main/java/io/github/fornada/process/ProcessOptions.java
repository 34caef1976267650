package io.github.fornada.process;

import io.github.fornada.ContextCarrier;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.launch.LaunchSettings;
import io.github.fornada.spi.PayloadCodec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How a pool of worker JVMs is set up. Immutable: each {@code with} method gives a changed copy.
 *
 * @param workers the most worker JVMs at once, each running one task at a time
 * @param launch how a worker is started
 * @param life when workers come and go
 * @param policy limits, retries, window, listeners and carriers
 */
public record ProcessOptions(int workers, WorkerLaunch launch, WorkerLife life, TaskPolicy policy) {
  public ProcessOptions {
    if (workers < 1) {
      throw new IllegalArgumentException("workers must be at least 1, got " + workers);
    }
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

  /** With at most so many worker JVMs. */
  public ProcessOptions withWorkers(int count) {
    return new ProcessOptions(count, launch, life, policy);
  }

  /** With this way of starting workers. */
  public ProcessOptions withLaunch(UnaryOperator<WorkerLaunch> change) {
    return new ProcessOptions(workers, change.apply(launch), life, policy);
  }

  /** With this life of workers. */
  public ProcessOptions withLife(UnaryOperator<WorkerLife> change) {
    return new ProcessOptions(workers, launch, change.apply(life), policy);
  }

  /** With this policy. */
  public ProcessOptions withPolicy(TaskPolicy changed) {
    return new ProcessOptions(workers, launch, life, changed);
  }

  // ---- launch

  /** With this much heap for each worker at most, such as {@code 512m}. */
  public ProcessOptions withHeap(String size) {
    return withLaunch(l -> l.withHeap(size));
  }

  /** With these further options for the workers' JVMs, such as {@code -XX:+UseParallelGC}. */
  public ProcessOptions withJvmOptions(String... options) {
    return withLaunch(l -> l.withJvmOptions(options));
  }

  /** With one more variable in the workers' environment. */
  public ProcessOptions withEnvironment(String name, String value) {
    return withLaunch(l -> l.withEnvironment(name, value));
  }

  /** With this working directory for the workers. */
  public ProcessOptions withDirectory(Path path) {
    return withLaunch(l -> l.withDirectory(path));
  }

  /** With so much time for a worker to become ready, its initializer included. */
  public ProcessOptions withStartupLimit(Duration limit) {
    return withLaunch(l -> l.withStartupLimit(limit));
  }

  /**
   * With something that each worker runs before its first task, such as loading a model into a
   * static field. If it fails the pool fails: every task ends with what the initializer threw.
   */
  public ProcessOptions withInitializer(WorkerInitializer initializer) {
    return withLaunch(l -> l.withInitializer(initializer));
  }

  /**
   * With this state made once in each worker, before its first task and after the initializer. May
   * be called for several; they are made in that order. If one fails the pool fails: every task
   * ends with what it threw.
   *
   * @throws IllegalArgumentException if the handle came from another process
   */
  public ProcessOptions withWorkerState(WorkerState<?> state) {
    WorkerState.Recipe _ = state.recipe();
    return withLaunch(l -> l.withWorkerState(state));
  }

  /**
   * With the class files of classes defined at run time, where their loader does not give them.
   *
   * @see WorkerLaunch#withClassFiles
   */
  public ProcessOptions withClassFiles(Function<String, byte @Nullable []> find) {
    return withLaunch(l -> l.withClassFiles(find));
  }

  /**
   * With this codec for items and results that have no encoding of Fornada's own, in the place of
   * the JDK's serialization: for speed, or for classes that are not {@link java.io.Serializable}.
   * Functions still have to be serializable.
   */
  public ProcessOptions withCodec(PayloadCodec codec) {
    return withLaunch(l -> l.withCodec(codec));
  }

  /**
   * Without the cache that lets workers start faster: none is used, and none is made. Without this,
   * a cache is made once for all programs of the user, by a process of low priority, in the user's
   * cache folder; with the system property {@code io.github.fornada.aotCache=use} a program uses
   * one that is there, but makes none.
   */
  public ProcessOptions withoutAotCache() {
    return withLaunch(WorkerLaunch::withoutAotCache);
  }

  // ---- life

  /**
   * With so many workers kept even when there is nothing to do; the others are started on demand
   * and leave when idle. By default all are started at once and stay.
   */
  public ProcessOptions withMinWorkers(int count) {
    return withLife(l -> l.withMinWorkers(count));
  }

  /** With so many warm workers beside those at work, to take the place of one that dies. */
  public ProcessOptions withSpares(int count) {
    return withLife(l -> l.withSpares(count));
  }

  /** With workers replaced after so many tasks, by one that was started beforehand. */
  public ProcessOptions withMaxTasks(int count) {
    return withLife(l -> l.withMaxTasks(count));
  }

  /** With workers replaced when they are this old, between two tasks. */
  public ProcessOptions withMaxAge(Duration age) {
    return withLife(l -> l.withMaxAge(age));
  }

  /**
   * With a bound on each worker's resident memory, heap and all, such as {@code 1g}: a worker above
   * three quarters of it is replaced between two tasks, one above it is killed. What can be shared
   * with other processes, such as mapped files, does not count. Linux only.
   */
  public ProcessOptions withResidentLimit(String size) {
    return withLife(l -> l.withResidentLimit(size));
  }

  // ---- policy

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

  /**
   * With something that goes from the calling thread to those that run the items. The carrier and
   * what it captures must be serializable.
   */
  public ProcessOptions withCarrier(ContextCarrier<?> carrier) {
    return withPolicy(policy.withCarrier(carrier));
  }
}
