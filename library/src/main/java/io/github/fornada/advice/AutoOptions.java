package io.github.fornada.advice;

import io.github.fornada.ContextCarrier;
import io.github.fornada.PoolOptions;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.ProcessOptions;
import io.github.fornada.threads.VirtualThreadPool;
import java.time.Duration;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * The options of a pool that chooses how to run its tasks. Immutable: each {@code with} method
 * returns a changed copy.
 */
public final class AutoOptions {
  /** The name, the policy, and the maximum number of items in flight. */
  private final PoolOptions common;

  /** 0 for as many as fit this machine. */
  private final int mostProcesses;

  private final boolean usesProcesses;
  private final boolean threadsAreSafe;
  private final boolean remembers;
  private final boolean recalls;
  private final UnaryOperator<ProcessOptions> processes;
  private final ChoiceListener choices;

  /** Is told what a pool has chosen. */
  @FunctionalInterface
  public interface ChoiceListener {
    /**
     * Called when the pool changes how it runs its tasks, by a thread of the pool. Must be quick;
     * what it throws is ignored. Within it, {@link AutoPool#close} does not wait for the end.
     *
     * @param choice what was chosen, and why
     */
    void chose(Choice choice);
  }

  private static final UnaryOperator<ProcessOptions> UNCHANGED = UnaryOperator.identity();

  private AutoOptions(
      PoolOptions common,
      int mostProcesses,
      boolean usesProcesses,
      boolean threadsAreSafe,
      boolean remembers,
      boolean recalls,
      UnaryOperator<ProcessOptions> processes,
      ChoiceListener choices) {
    this.common = Objects.requireNonNull(common, "common");
    this.mostProcesses = mostProcesses;
    this.usesProcesses = usesProcesses;
    this.threadsAreSafe = threadsAreSafe;
    this.remembers = remembers;
    this.recalls = recalls;
    this.processes = Objects.requireNonNull(processes, "processes");
    this.choices = Objects.requireNonNull(choices, "choices");
  }

  static AutoOptions defaults() {
    return new AutoOptions(
        PoolOptions.of(VirtualThreadPool.DEFAULT_WORKERS, "auto"),
        0,
        true,
        false,
        true,
        true,
        UNCHANGED,
        choice -> {});
  }

  private AutoOptions with(PoolOptions changed) {
    return new AutoOptions(
        changed,
        mostProcesses,
        usesProcesses,
        threadsAreSafe,
        remembers,
        recalls,
        processes,
        choices);
  }

  /**
   * Returns options with at most {@code count} tasks in progress at once, whatever the model; at
   * least 1. By default {@value VirtualThreadPool#DEFAULT_WORKERS}.
   */
  public AutoOptions withMostInFlight(int count) {
    return with(common.withWorkers(count));
  }

  /**
   * Returns options with at most {@code count} worker JVMs; 0 for none. By default as many as a
   * {@link io.github.fornada.process.ProcessPool} would have: see {@link ProcessOptions#workers}.
   */
  public AutoOptions withMostProcesses(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("most processes must be at least 0, got " + count);
    }
    return new AutoOptions(
        common, count, count > 0, threadsAreSafe, remembers, recalls, processes, choices);
  }

  /**
   * Returns options in which {@code change} is applied to the options of the worker JVMs, if the
   * pool starts any: their heap, environment, codec and so on. The policy and the number of workers
   * are those of this pool. It is called once, when the pool is opened.
   *
   * <p>Items run in this JVM too, the first one always. So there can be no {@link
   * io.github.fornada.process.WorkerState}, which {@link AutoPool#open(UnaryOperator)} refuses; and
   * what an initializer does, it does in worker JVMs only: the task must not depend on it.
   */
  public AutoOptions withProcesses(UnaryOperator<ProcessOptions> change) {
    Objects.requireNonNull(change, "change");
    UnaryOperator<ProcessOptions> both = o -> change.apply(processes.apply(o));
    return withFixedProcesses(both);
  }

  /** Returns options in which those of the worker JVMs are these, whatever they were. */
  @SuppressWarnings("unchecked") // their only kind; what opens them does not import this package
  AutoOptions withFixedProcesses(UnaryOperator<?> all) {
    return new AutoOptions(
        common,
        mostProcesses,
        usesProcesses,
        threadsAreSafe,
        remembers,
        recalls,
        (UnaryOperator<ProcessOptions>) all,
        choices);
  }

  /**
   * Returns options that say that the functions may run on several threads of one JVM at once. The
   * pool then does not look in their classes for static fields that they change, and other signs of
   * the opposite.
   */
  public AutoOptions withThreadsAreSafe() {
    return new AutoOptions(
        common, mostProcesses, usesProcesses, true, remembers, recalls, processes, choices);
  }

  /**
   * Returns options in which the pool neither reads nor writes what was learned of a function in
   * earlier runs. By default it keeps that in the user's cache folder, and begins with it.
   */
  public AutoOptions withoutMemory() {
    return new AutoOptions(
        common, mostProcesses, usesProcesses, threadsAreSafe, false, false, processes, choices);
  }

  /**
   * Returns options in which the pool does not use what was learned of a function in earlier runs,
   * but replaces it with what it learns now.
   */
  public AutoOptions withFreshMemory() {
    return new AutoOptions(
        common, mostProcesses, usesProcesses, threadsAreSafe, true, false, processes, choices);
  }

  /** Returns options with {@code listener}, which is told of each choice. It replaces the last. */
  public AutoOptions withChoiceListener(ChoiceListener listener) {
    return new AutoOptions(
        common,
        mostProcesses,
        usesProcesses,
        threadsAreSafe,
        remembers,
        recalls,
        processes,
        listener);
  }

  /** Returns options with threads named {@code prefix-1}, {@code prefix-2}, and so on. */
  public AutoOptions withName(String prefix) {
    return with(common.withName(prefix));
  }

  // ---- policy

  /** Returns options with {@code changed} as the policy. */
  public AutoOptions withPolicy(TaskPolicy changed) {
    return with(common.withPolicy(changed));
  }

  /**
   * Returns options in which one item may run for at most {@code limit}, counted from the item's
   * own start; {@code limit} must be positive.
   */
  public AutoOptions withTimeout(Duration limit) {
    return with(common.withTimeout(limit));
  }

  /**
   * Returns options in which an item that failed, timed out or lost its worker is tried again up to
   * {@code times} times; {@code times} must be at least 0.
   */
  public AutoOptions withRetries(int times) {
    return with(common.withRetries(times));
  }

  /**
   * Returns options in which at most {@code items} items are taken from a stream's source ahead of
   * the consumer; {@code items} must be at least 1.
   */
  public AutoOptions withWindow(int items) {
    return with(common.withWindow(items));
  }

  /** Returns options with {@code listener} in addition to the listeners of these options. */
  public AutoOptions withListener(TaskListener listener) {
    return with(common.withListener(listener));
  }

  /**
   * Returns options with {@code carrier}, which carries context from the calling thread to wherever
   * the items run, in addition to the carriers of these options. Where the carrier or what it
   * captures cannot be sent, the items stay in this JVM.
   */
  public AutoOptions withCarrier(ContextCarrier<?> carrier) {
    return with(common.withCarrier(carrier));
  }

  // ---- what they are

  /** Returns the maximum number of tasks in progress at once. */
  public int mostInFlight() {
    return common.workers();
  }

  /** Returns the policy: timeout, retries, window, listeners and carriers. */
  public TaskPolicy policy() {
    return common.policy();
  }

  /** Returns whether the functions are said to be safe on several threads. */
  public boolean threadsAreSafe() {
    return threadsAreSafe;
  }

  /** Returns whether what is learned is kept for later runs. */
  public boolean remembers() {
    return remembers;
  }

  /** Returns whether what was learned in earlier runs is used. */
  boolean recalls() {
    return recalls;
  }

  PoolOptions common() {
    return common;
  }

  /** 0 for as many as fit this machine. */
  int mostProcesses() {
    return mostProcesses;
  }

  boolean usesProcesses() {
    return usesProcesses;
  }

  UnaryOperator<ProcessOptions> processes() {
    return processes;
  }

  /** Returns whether {@link #withProcesses} was called. */
  boolean changesProcesses() {
    return !processes.equals(UNCHANGED);
  }

  ChoiceListener choices() {
    return choices;
  }

  @Override
  public String toString() {
    return "AutoOptions["
        + common
        + ", mostProcesses="
        + (usesProcesses && mostProcesses == 0 ? "as many as fit" : String.valueOf(mostProcesses))
        + ", threadsAreSafe="
        + threadsAreSafe
        + ", remembers="
        + remembers
        + "]";
  }
}
