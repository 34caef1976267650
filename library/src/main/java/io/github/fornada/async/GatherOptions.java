package io.github.fornada.async;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a gatherer of {@link AsyncStreams} works. Immutable: each {@code with} method gives a changed
 * copy.
 *
 * @param ordered whether results come in the order of their items, or as soon as they are there
 * @param window the most items between what was taken from the stream and what was passed on: those
 *     in progress, and those that wait behind a slower one; 0 for twice as many as may be in
 *     progress
 * @param timeout what each item may take, counted from its own start; null for no limit
 */
public record GatherOptions(boolean ordered, int window, @Nullable Duration timeout) {
  static final GatherOptions DEFAULT = new GatherOptions(true, 0, null);

  public GatherOptions {
    if (window < 0) {
      throw new IllegalArgumentException("window must be at least 0, got " + window);
    }
    if (timeout != null && !timeout.isPositive()) {
      throw new IllegalArgumentException("time limit must be positive, got " + timeout);
    }
  }

  /** With results as soon as they are there, whatever the order of the items. */
  public GatherOptions unordered() {
    return new GatherOptions(false, window, timeout);
  }

  /** With at most so many items between what was taken and what was passed on. */
  public GatherOptions withWindow(int items) {
    return new GatherOptions(ordered, items, timeout);
  }

  /** With so much time for each item. */
  public GatherOptions withTimeout(Duration limit) {
    return new GatherOptions(ordered, window, Objects.requireNonNull(limit, "limit"));
  }
}
