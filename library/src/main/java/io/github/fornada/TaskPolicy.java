package io.github.fornada;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The settings of tasks that every pool has: timeout, retries, window, listeners and carriers.
 * Immutable: each {@code with} method returns a changed copy. A duration of more than a century
 * counts as a century.
 */
public final class TaskPolicy {
  /** A century: sums of these must fit in a long of nanoseconds. Before DEFAULT, which uses it. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  /** The longest pause before a retry, unless another is asked for. */
  private static final Duration LONGEST_BACK_OFF = Duration.ofSeconds(10);

  /**
   * No timeout, 1 s grace, no retries, pauses from 100 ms to 10 s before them, a window of 1024
   * items, no listeners, no carriers.
   */
  public static final TaskPolicy DEFAULT =
      new TaskPolicy(
          null,
          Duration.ofSeconds(1),
          0,
          Duration.ofMillis(100),
          LONGEST_BACK_OFF,
          1024,
          List.of(),
          List.of());

  private final @Nullable Duration timeout;
  private final Duration grace;
  private final int retries;
  private final Duration backOff;
  private final Duration longestBackOff;
  private final int window;
  private final List<TaskListener> listeners;
  private final List<ContextCarrier<?>> carriers;

  private TaskPolicy(
      @Nullable Duration timeout,
      Duration grace,
      int retries,
      Duration backOff,
      Duration longestBackOff,
      int window,
      List<TaskListener> listeners,
      List<ContextCarrier<?>> carriers) {
    if (timeout != null && !timeout.isPositive()) {
      throw new IllegalArgumentException("timeout must be positive, got " + timeout);
    }
    if (grace.isNegative()) {
      throw new IllegalArgumentException("grace must not be negative, got " + grace);
    }
    if (retries < 0) {
      throw new IllegalArgumentException("retries must be at least 0, got " + retries);
    }
    if (backOff.isNegative()) {
      throw new IllegalArgumentException("back-off must not be negative, got " + backOff);
    }
    if (longestBackOff.compareTo(backOff) < 0) {
      throw new IllegalArgumentException(
          "longest back-off must be at least the first, " + backOff + ", got " + longestBackOff);
    }
    if (window < 1) {
      throw new IllegalArgumentException("window must be at least 1, got " + window);
    }
    this.timeout = timeout == null ? null : atMostLongest(timeout);
    this.grace = atMostLongest(grace);
    this.retries = retries;
    this.backOff = atMostLongest(backOff);
    this.longestBackOff = atMostLongest(longestBackOff);
    this.window = window;
    this.listeners = List.copyOf(listeners);
    this.carriers = List.copyOf(carriers);
  }

  private static Duration atMostLongest(Duration d) {
    return d.compareTo(LONGEST) > 0 ? LONGEST : d;
  }

  private static <E> List<E> plus(List<E> list, E element) {
    var all = new ArrayList<>(list);
    all.add(element);
    return all;
  }

  /**
   * Returns a policy in which one item may run for at most {@code limit}, counted from the item's
   * own start; {@code limit} must be positive.
   */
  public TaskPolicy withTimeout(Duration limit) {
    Objects.requireNonNull(limit, "limit");
    return new TaskPolicy(
        limit, grace, retries, backOff, longestBackOff, window, listeners, carriers);
  }

  /**
   * Returns a policy in which an interrupted item has {@code time} to end before the pool uses
   * stronger means: a thread is left behind, a worker process is killed. {@code time} must not be
   * negative.
   */
  public TaskPolicy withGrace(Duration time) {
    return new TaskPolicy(
        timeout, time, retries, backOff, longestBackOff, window, listeners, carriers);
  }

  /**
   * Returns a policy in which an item that failed, timed out or lost its worker is tried again up
   * to {@code times} times; {@code times} must be at least 0.
   */
  public TaskPolicy withRetries(int times) {
    return new TaskPolicy(
        timeout, grace, times, backOff, longestBackOff, window, listeners, carriers);
  }

  /**
   * Returns a policy that waits for {@code pause} before the first retry; the pause doubles with
   * each further retry, up to 10 s, or stays {@code pause} if that is longer. {@code pause} must
   * not be negative.
   */
  public TaskPolicy withBackOff(Duration pause) {
    return withBackOff(pause, pause.compareTo(LONGEST_BACK_OFF) > 0 ? pause : LONGEST_BACK_OFF);
  }

  /**
   * Returns a policy that waits for {@code first} before the first retry; the pause doubles with
   * each further retry, up to {@code longest}. {@code first} must not be negative, and {@code
   * longest} must be at least {@code first}.
   */
  public TaskPolicy withBackOff(Duration first, Duration longest) {
    return new TaskPolicy(timeout, grace, retries, first, longest, window, listeners, carriers);
  }

  /**
   * Returns a policy in which at most {@code items} items are taken from a stream's source ahead of
   * the consumer; {@code items} must be at least 1. The default, 1024, counts as 4 for each worker
   * in a pool where that is more.
   */
  public TaskPolicy withWindow(int items) {
    return new TaskPolicy(
        timeout, grace, retries, backOff, longestBackOff, items, listeners, carriers);
  }

  /** Returns a policy with {@code listener} in addition to the listeners of this one. */
  public TaskPolicy withListener(TaskListener listener) {
    Objects.requireNonNull(listener, "listener");
    return new TaskPolicy(
        timeout,
        grace,
        retries,
        backOff,
        longestBackOff,
        window,
        plus(listeners, listener),
        carriers);
  }

  /**
   * Returns a policy with {@code carrier} in addition to the carriers of this one; it restores
   * after them.
   */
  public TaskPolicy withCarrier(ContextCarrier<?> carrier) {
    Objects.requireNonNull(carrier, "carrier");
    return new TaskPolicy(
        timeout,
        grace,
        retries,
        backOff,
        longestBackOff,
        window,
        listeners,
        plus(carriers, carrier));
  }

  /**
   * Returns how long one item may run at most, counted from the item's own start; null for no
   * timeout.
   */
  public @Nullable Duration timeout() {
    return timeout;
  }

  /** Returns how long an interrupted item may go on before the pool uses stronger means. */
  public Duration grace() {
    return grace;
  }

  /**
   * Returns how often an item that failed, timed out or lost its worker is tried again. The default
   * is 0: nothing runs twice unless retries are asked for.
   */
  public int retries() {
    return retries;
  }

  /**
   * Returns the pause before the first retry; it doubles with each further retry, up to {@link
   * #longestBackOff}.
   */
  public Duration backOff() {
    return backOff;
  }

  /** Returns the longest pause before a retry. */
  public Duration longestBackOff() {
    return longestBackOff;
  }

  /** Returns the maximum number of items taken from a stream's source ahead of the consumer. */
  public int window() {
    return window;
  }

  /** Returns the listeners. */
  public List<TaskListener> listeners() {
    return listeners;
  }

  /**
   * Returns the carriers, in the order in which they restore. They carry context from the calling
   * thread to the threads that run its items.
   */
  public List<ContextCarrier<?>> carriers() {
    return carriers;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TaskPolicy that
        && Objects.equals(timeout, that.timeout)
        && grace.equals(that.grace)
        && retries == that.retries
        && backOff.equals(that.backOff)
        && longestBackOff.equals(that.longestBackOff)
        && window == that.window
        && listeners.equals(that.listeners)
        && carriers.equals(that.carriers);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        timeout, grace, retries, backOff, longestBackOff, window, listeners, carriers);
  }

  @Override
  public String toString() {
    return "TaskPolicy[timeout="
        + timeout
        + ", grace="
        + grace
        + ", retries="
        + retries
        + ", backOff="
        + backOff
        + ", longestBackOff="
        + longestBackOff
        + ", window="
        + window
        + ", listeners="
        + listeners
        + ", carriers="
        + carriers
        + "]";
  }
}
