package io.github.fornada.process;

import io.github.fornada.ContextCarrier;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.launch.LaunchSettings;
import io.github.fornada.process.launch.Launcher;
import io.github.fornada.spi.PayloadCodec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The options of a pool of worker JVMs. Immutable: each {@code with} method returns a changed copy.
 */
public final class ProcessOptions {
  /** 0 for as many as fit this machine. */
  private final int workers;

  private final WorkerLaunch launch;
  private final WorkerLife life;
  private final TaskPolicy policy;

  private ProcessOptions(int workers, WorkerLaunch launch, WorkerLife life, TaskPolicy policy) {
    this.workers = workers;
    this.launch = Objects.requireNonNull(launch, "launch");
    this.life = Objects.requireNonNull(life, "life");
    this.policy = Objects.requireNonNull(policy, "policy");
  }

  /** Returns the options that starting a worker needs. */
  LaunchSettings launchSettings() {
    return new LaunchSettings(
        workers(),
        launch.heap(),
        launch.allJvmOptions(),
        launch.environment(),
        launch.directory(),
        launch.aotCache(),
        false);
  }

  static ProcessOptions defaults() {
    return new ProcessOptions(0, WorkerLaunch.DEFAULT, WorkerLife.DEFAULT, TaskPolicy.DEFAULT);
  }

  /** Returns options with at most {@code count} worker JVMs; {@code count} must be at least 1. */
  public ProcessOptions withWorkers(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("workers must be at least 1, got " + count);
    }
    return new ProcessOptions(count, launch, life, policy);
  }

  /** Returns options in which {@code change} is applied to how workers are started. */
  public ProcessOptions withLaunch(UnaryOperator<WorkerLaunch> change) {
    return new ProcessOptions(workers, change.apply(launch), life, policy);
  }

  /** Returns options in which {@code change} is applied to when workers start and end. */
  public ProcessOptions withLife(UnaryOperator<WorkerLife> change) {
    return new ProcessOptions(workers, launch, change.apply(life), policy);
  }

  /** Returns options with {@code changed} as the policy. */
  public ProcessOptions withPolicy(TaskPolicy changed) {
    return new ProcessOptions(workers, launch, life, changed);
  }

  // ---- launch

  /** Returns options with a heap of at most {@code size} for each worker, such as {@code 512m}. */
  public ProcessOptions withHeap(String size) {
    return withLaunch(l -> l.withHeap(size));
  }

  /**
   * Returns options with {@code options} as further options of the workers' JVMs, such as {@code
   * -XX:+UseZGC}. They replace those of earlier calls.
   */
  public ProcessOptions withJvmOptions(String... options) {
    return withLaunch(l -> l.withJvmOptions(options));
  }

  /**
   * Returns options in which the environment variable {@code name} of the workers has the value
   * {@code value}.
   */
  public ProcessOptions withEnvironment(String name, String value) {
    return withLaunch(l -> l.withEnvironment(name, value));
  }

  /** Returns options with {@code path} as the workers' working directory. */
  public ProcessOptions withDirectory(Path path) {
    return withLaunch(l -> l.withDirectory(path));
  }

  /**
   * Returns options in which a worker must become ready, its initializer included, within {@code
   * limit}, which must be positive.
   */
  public ProcessOptions withStartupTimeout(Duration limit) {
    return withLaunch(l -> l.withStartupTimeout(limit));
  }

  /**
   * Returns options in which each worker runs {@code initializer} before its first task, for
   * example to load a model into a static field. If the initializer throws, the pool fails: every
   * task ends with that exception.
   */
  public ProcessOptions withInitializer(WorkerInitializer initializer) {
    return withLaunch(l -> l.withInitializer(initializer));
  }

  /**
   * Returns options in which each worker creates {@code state} once, before its first task and
   * after the initializer. Several states are created in the order of these calls. If creating one
   * throws, the pool fails: every task ends with that exception.
   *
   * @throws IllegalArgumentException if the handle came from another process
   */
  public ProcessOptions withWorkerState(WorkerState<?> state) {
    WorkerState.Recipe _ = state.recipe();
    return withLaunch(l -> l.withWorkerState(state));
  }

  /**
   * Returns options in which {@code find} supplies the class files of classes that were defined at
   * run time and whose loader does not supply them.
   *
   * @see WorkerLaunch#withClassFiles
   */
  public ProcessOptions withClassFiles(Function<String, byte @Nullable []> find) {
    return withLaunch(l -> l.withClassFiles(find));
  }

  /**
   * Returns options in which {@code codec} is used instead of the JDK's serialization for items and
   * results that Fornada does not encode itself: for speed, or for classes that are not {@link
   * java.io.Serializable}. Functions must still be serializable.
   */
  public ProcessOptions withCodec(PayloadCodec codec) {
    return withLaunch(l -> l.withCodec(codec));
  }

  /**
   * Returns options without the ahead-of-time cache from which workers start faster: none is used,
   * and none is created. By default a process of low priority creates the cache once for all
   * programs of the user, in the user's cache folder. With the system property {@code
   * io.github.fornada.aotCache=use} a program uses an existing cache but creates none.
   */
  public ProcessOptions withoutAotCache() {
    return withLaunch(WorkerLaunch::withoutAotCache);
  }

  // ---- life

  /**
   * Returns options in which {@code count} workers are kept even when there is nothing to do. The
   * others are started on demand and exit when idle. By default all workers are started at once and
   * stay.
   */
  public ProcessOptions withMinWorkers(int count) {
    return withLife(l -> l.withMinWorkers(count));
  }

  /**
   * Returns options with {@code count} spare workers that are already started and replace workers
   * that die.
   */
  public ProcessOptions withSpares(int count) {
    return withLife(l -> l.withSpares(count));
  }

  /**
   * Returns options in which a worker is replaced after {@code count} tasks by one that was started
   * in advance.
   */
  public ProcessOptions withMaxTasks(int count) {
    return withLife(l -> l.withMaxTasks(count));
  }

  /**
   * Returns options in which a worker is replaced when its age is {@code age}, between two tasks.
   */
  public ProcessOptions withMaxAge(Duration age) {
    return withLife(l -> l.withMaxAge(age));
  }

  /**
   * Returns options with {@code size}, such as {@code 1g}, as the limit of each worker's resident
   * memory, the heap included. A worker above three quarters of the limit is replaced between two
   * tasks; a worker above the limit is killed. Memory that can be shared with other processes, such
   * as mapped files, does not count. Linux only.
   */
  public ProcessOptions withResidentLimit(String size) {
    return withLife(l -> l.withResidentLimit(size));
  }

  /**
   * Returns options in which accepted tasks may run on for {@code grace} when this JVM exits while
   * the pool is open: by {@link System#exit}, by SIGTERM, SIGINT or SIGHUP, or because only daemon
   * threads are left. The pool takes no more tasks then; when all have ended or the time is over,
   * the workers are ended. {@code grace} must not be negative. By default it is zero: workers are
   * killed at once, and what runs ends as lost.
   *
   * <p>A service manager waits for a limited time between SIGTERM and SIGKILL (systemd: {@code
   * TimeoutStopSec}, 90 s; Kubernetes: {@code terminationGracePeriodSeconds}, 30 s; Docker: {@code
   * --stop-timeout}, 10 s): choose a grace shorter than that. Workers ignore SIGTERM, SIGINT and
   * SIGHUP, which service managers and terminals send to all processes of a group; whether to stop
   * is this JVM's decision. Shutdown hooks of the program run at the same time as the grace, and
   * may wait for results.
   */
  public ProcessOptions withExitGrace(Duration grace) {
    return withLife(l -> l.withExitGrace(grace));
  }

  /**
   * Returns options as {@link #withExitGrace} does, for a pool that the program closes while the
   * JVM exits: in a shutdown hook, as Spring and other containers do. The pool goes on as before,
   * and takes tasks too, until it is closed or {@code grace} is over. With Spring let the grace be
   * as long as {@code spring.lifecycle.timeout-per-shutdown-phase}. A pool that nobody closes
   * delays the exit by the whole grace.
   */
  public ProcessOptions withExitGraceUntilClosed(Duration grace) {
    return withLife(l -> l.withExitGraceUntilClosed(grace));
  }

  // ---- policy

  /**
   * Returns options in which one item may run for at most {@code limit}, counted from its own
   * start. Must be positive. A worker's first item of a function includes the time to read the
   * function and to load its classes.
   */
  public ProcessOptions withTimeout(Duration limit) {
    return withPolicy(policy.withTimeout(limit));
  }

  /**
   * Returns options in which an item that failed, timed out or lost its worker is tried again up to
   * {@code times} times; {@code times} must be at least 0.
   */
  public ProcessOptions withRetries(int times) {
    return withPolicy(policy.withRetries(times));
  }

  /**
   * Returns options in which at most {@code items} items are taken from a stream's source ahead of
   * the consumer; {@code items} must be at least 1.
   */
  public ProcessOptions withWindow(int items) {
    return withPolicy(policy.withWindow(items));
  }

  /** Returns options with {@code listener} in addition to the listeners of these options. */
  public ProcessOptions withListener(TaskListener listener) {
    return withPolicy(policy.withListener(listener));
  }

  /**
   * Returns options with {@code carrier}, which carries context from the calling thread to the
   * threads that run the items, in addition to the carriers of these options. The carrier and what
   * it captures must be serializable.
   */
  public ProcessOptions withCarrier(ContextCarrier<?> carrier) {
    return withPolicy(policy.withCarrier(carrier));
  }

  /**
   * Returns the maximum number of worker JVMs at once; each runs one task at a time. By default
   * there is one for each processor, or fewer if the memory of the machine, or of its container, is
   * small: all workers together must fit into three quarters of it, each with its heap (64 MB if
   * none was chosen) and another 64 MB.
   */
  public int workers() {
    return workers == 0 ? Launcher.defaultWorkers(launch.heap()) : workers;
  }

  /** Returns how a worker is started. */
  public WorkerLaunch launch() {
    return launch;
  }

  /** Returns when workers start and end. */
  public WorkerLife life() {
    return life;
  }

  /** Returns the policy: timeout, retries, window, listeners and carriers. */
  public TaskPolicy policy() {
    return policy;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ProcessOptions that
        && workers() == that.workers()
        && launch.equals(that.launch)
        && life.equals(that.life)
        && policy.equals(that.policy);
  }

  @Override
  public int hashCode() {
    return Objects.hash(workers(), launch, life, policy);
  }

  @Override
  public String toString() {
    return "ProcessOptions[workers="
        + workers()
        + ", launch="
        + launch
        + ", life="
        + life
        + ", policy="
        + policy
        + "]";
  }
}
