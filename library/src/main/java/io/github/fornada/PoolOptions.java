package io.github.fornada;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The options of a pool within this JVM. Immutable: each {@code with} method returns a changed
 * copy.
 */
public final class PoolOptions {
  private final int workers;
  private final String name;
  private final TaskPolicy policy;

  private PoolOptions(int workers, String name, TaskPolicy policy) {
    if (workers < 1) {
      throw new IllegalArgumentException("workers must be at least 1, got " + workers);
    }
    if (name.isBlank()) {
      throw new IllegalArgumentException("name must not be blank, got \"" + name + "\"");
    }
    this.workers = workers;
    this.name = name;
    this.policy = Objects.requireNonNull(policy, "policy");
  }

  /**
   * Returns options with the default policy. For authors of pools; users get options to change from
   * the pool's {@code open} method.
   *
   * @param workers the maximum number of tasks in progress at once; at least 1
   * @param name the prefix of the names of the pool's threads; not blank
   */
  public static PoolOptions of(int workers, String name) {
    return new PoolOptions(workers, name, TaskPolicy.DEFAULT);
  }

  /**
   * Returns options with at most {@code count} tasks in progress at once; {@code count} must be at
   * least 1.
   */
  public PoolOptions withWorkers(int count) {
    return new PoolOptions(count, name, policy);
  }

  /** Returns options with threads named {@code prefix-1}, {@code prefix-2}, and so on. */
  public PoolOptions withName(String prefix) {
    return new PoolOptions(workers, prefix, policy);
  }

  /** Returns options with {@code changed} as the policy. */
  public PoolOptions withPolicy(TaskPolicy changed) {
    return new PoolOptions(workers, name, changed);
  }

  /**
   * Returns options in which one item may run for at most {@code limit}, counted from the item's
   * own start; {@code limit} must be positive.
   */
  public PoolOptions withTimeout(Duration limit) {
    return withPolicy(policy.withTimeout(limit));
  }

  /**
   * Returns options in which an item that failed, timed out or lost its worker is tried again up to
   * {@code times} times; {@code times} must be at least 0.
   */
  public PoolOptions withRetries(int times) {
    return withPolicy(policy.withRetries(times));
  }

  /**
   * Returns options in which at most {@code items} items are taken from a stream's source ahead of
   * the consumer; {@code items} must be at least 1.
   */
  public PoolOptions withWindow(int items) {
    return withPolicy(policy.withWindow(items));
  }

  /** Returns options with {@code listener} in addition to the listeners of these options. */
  public PoolOptions withListener(TaskListener listener) {
    return withPolicy(policy.withListener(listener));
  }

  /**
   * Returns options with {@code carrier}, which carries context from the calling thread to the
   * threads that run the items, in addition to the carriers of these options.
   */
  public PoolOptions withCarrier(ContextCarrier<?> carrier) {
    return withPolicy(policy.withCarrier(carrier));
  }

  /** Returns the maximum number of tasks in progress at once. */
  public int workers() {
    return workers;
  }

  /**
   * Returns the prefix of the names of the pool's threads, which are {@code name-1}, {@code
   * name-2}, and so on.
   */
  public String name() {
    return name;
  }

  /** Returns the policy: timeout, retries, window, listeners and carriers. */
  public TaskPolicy policy() {
    return policy;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PoolOptions that
        && workers == that.workers
        && name.equals(that.name)
        && policy.equals(that.policy);
  }

  @Override
  public int hashCode() {
    return Objects.hash(workers, name, policy);
  }

  @Override
  public String toString() {
    return "PoolOptions[workers=" + workers + ", name=" + name + ", policy=" + policy + "]";
  }
}
