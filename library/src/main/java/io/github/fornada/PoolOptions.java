package io.github.fornada;

import java.time.Duration;

/**
 * How a pool within this JVM is set up. Immutable: each {@code with} method gives a changed copy.
 *
 * @param workers the most tasks in progress at once
 * @param name how the pool's threads are named: {@code name-1}, {@code name-2}, ...
 * @param policy limits, retries, window, listeners and carriers
 */
public record PoolOptions(int workers, String name, TaskPolicy policy) {
  public PoolOptions {
    if (workers < 1) {
      throw new IllegalArgumentException("workers must be at least 1, got " + workers);
    }
    if (name.isBlank()) {
      throw new IllegalArgumentException("name must not be blank, got \"" + name + "\"");
    }
  }

  /** With at most so many tasks in progress at once. */
  public PoolOptions withWorkers(int count) {
    return new PoolOptions(count, name, policy);
  }

  /** With threads of this name. */
  public PoolOptions withName(String prefix) {
    return new PoolOptions(workers, prefix, policy);
  }

  /** With this policy. */
  public PoolOptions withPolicy(TaskPolicy changed) {
    return new PoolOptions(workers, name, changed);
  }

  /** With the longest one item may run, counted from its own start. */
  public PoolOptions withTimeLimit(Duration limit) {
    return withPolicy(policy.withTimeLimit(limit));
  }

  /** With so many further tries of an item that did not get done. */
  public PoolOptions withRetries(int times) {
    return withPolicy(policy.withRetries(times));
  }

  /** With at most so many items taken from a stream's source ahead of what was consumed. */
  public PoolOptions withWindow(int items) {
    return withPolicy(policy.withWindow(items));
  }

  /** With one more listener. */
  public PoolOptions withListener(TaskListener listener) {
    return withPolicy(policy.withListener(listener));
  }

  /** With something that goes from the calling thread to those that run the items. */
  public PoolOptions withCarrier(ContextCarrier<?> carrier) {
    return withPolicy(policy.withCarrier(carrier));
  }
}
