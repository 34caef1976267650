package io.github.fornada.async;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a gatherer of {@link AsyncStreams} works. Immutable: each {@code with} method returns a
 * changed copy.
 */
public final class GatherOptions {
  static final GatherOptions DEFAULT = new GatherOptions(true, 0, null);

  private final boolean ordered;
  private final int window;
  private final @Nullable Duration timeout;

  private GatherOptions(boolean ordered, int window, @Nullable Duration timeout) {
    if (window < 0) {
      throw new IllegalArgumentException("window must be at least 0, got " + window);
    }
    if (timeout != null && !timeout.isPositive()) {
      throw new IllegalArgumentException("timeout must be positive, got " + timeout);
    }
    this.ordered = ordered;
    this.window = window;
    this.timeout = timeout;
  }

  /** Whether results come in the order of their items; if not, in order of completion. */
  public boolean ordered() {
    return ordered;
  }

  /**
   * Returns the maximum number of items that were taken from the stream and not passed on yet:
   * items in progress, and items that wait behind a slower one. 0 stands for twice as many as may
   * be in progress.
   */
  public int window() {
    return window;
  }

  /** Returns how long each item may take, counted from its own start; null for no timeout. */
  public @Nullable Duration timeout() {
    return timeout;
  }

  /** Returns options with results in order of completion. */
  public GatherOptions unordered() {
    return new GatherOptions(false, window, timeout);
  }

  /**
   * Returns options with at most {@code items} items that were taken and not passed on yet.
   *
   * @param items 0 for twice as many as may be in progress
   * @throws IllegalArgumentException if {@code items} is less than 0
   */
  public GatherOptions withWindow(int items) {
    return new GatherOptions(ordered, items, timeout);
  }

  /**
   * Returns options with a timeout for each item, counted from the item's own start.
   *
   * @throws IllegalArgumentException if {@code timeout} is not positive
   */
  public GatherOptions withTimeout(Duration timeout) {
    return new GatherOptions(ordered, window, Objects.requireNonNull(timeout, "timeout"));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof GatherOptions o
        && o.ordered == ordered
        && o.window == window
        && Objects.equals(o.timeout, timeout);
  }

  @Override
  public int hashCode() {
    return Objects.hash(ordered, window, timeout);
  }

  @Override
  public String toString() {
    return "GatherOptions[ordered=" + ordered + ", window=" + window + ", timeout=" + timeout + "]";
  }
}
