package io.github.fornada;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What every pool promises about its tasks, whatever it runs them on.
 *
 * @param timeLimit the longest one item may run, counted from its own start; null for no limit
 * @param grace how long an item may go on after it was interrupted, before harder means
 * @param retries how often an item that failed, timed out or lost its worker is tried again; 0 by
 *     default: nothing runs twice unasked
 * @param backOff the pause before the first retry; it doubles with each
 * @param window the most items taken from a stream's source ahead of what was consumed
 * @param listeners who is told
 * @param carriers what goes with each call from the calling thread to those that run its items
 */
public record TaskPolicy(
    @Nullable Duration timeLimit,
    Duration grace,
    int retries,
    Duration backOff,
    int window,
    List<TaskListener> listeners,
    List<ContextCarrier<?>> carriers) {

  /** A century: sums of these must fit in a long of nanoseconds. Before DEFAULT, which uses it. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  /** No limit, 1 s grace, no retries, a window of 1024 items, no listeners, no carriers. */
  public static final TaskPolicy DEFAULT =
      new TaskPolicy(
          null, Duration.ofSeconds(1), 0, Duration.ofMillis(100), 1024, List.of(), List.of());

  public TaskPolicy {
    if (timeLimit != null && !timeLimit.isPositive()) {
      throw new IllegalArgumentException("time limit must be positive, got " + timeLimit);
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
    if (window < 1) {
      throw new IllegalArgumentException("window must be at least 1, got " + window);
    }
    timeLimit = timeLimit == null ? null : atMostLongest(timeLimit);
    grace = atMostLongest(grace);
    backOff = atMostLongest(backOff);
    listeners = List.copyOf(listeners);
    carriers = List.copyOf(carriers);
  }

  private static Duration atMostLongest(Duration d) {
    return d.compareTo(LONGEST) > 0 ? LONGEST : d;
  }

  /** With the longest one item may run. */
  public TaskPolicy withTimeLimit(Duration limit) {
    Objects.requireNonNull(limit, "limit");
    return new TaskPolicy(limit, grace, retries, backOff, window, listeners, carriers);
  }

  /** With the time an interrupted item may still take. */
  public TaskPolicy withGrace(Duration time) {
    return new TaskPolicy(timeLimit, time, retries, backOff, window, listeners, carriers);
  }

  /** With so many further tries of an item that did not get done. */
  public TaskPolicy withRetries(int times) {
    return new TaskPolicy(timeLimit, grace, times, backOff, window, listeners, carriers);
  }

  /** With this pause before the first retry. */
  public TaskPolicy withBackOff(Duration pause) {
    return new TaskPolicy(timeLimit, grace, retries, pause, window, listeners, carriers);
  }

  /** With at most so many items taken ahead of what was consumed. */
  public TaskPolicy withWindow(int items) {
    return new TaskPolicy(timeLimit, grace, retries, backOff, items, listeners, carriers);
  }

  /** With one more listener. */
  public TaskPolicy withListener(TaskListener listener) {
    Objects.requireNonNull(listener, "listener");
    var all = new ArrayList<>(listeners);
    all.add(listener);
    return new TaskPolicy(timeLimit, grace, retries, backOff, window, all, carriers);
  }

  /** With one more carrier, which restores after those before it. */
  public TaskPolicy withCarrier(ContextCarrier<?> carrier) {
    Objects.requireNonNull(carrier, "carrier");
    var all = new ArrayList<>(carriers);
    all.add(carrier);
    return new TaskPolicy(timeLimit, grace, retries, backOff, window, listeners, all);
  }
}
