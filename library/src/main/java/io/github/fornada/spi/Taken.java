package io.github.fornada.spi;

import org.jspecify.annotations.Nullable;

/**
 * The items of a run that have left their source and are in no batch yet. What has left its source
 * cannot be put back, so it stays here for as long as the heap has no room for a batch. Only to
 * make the batch needs memory. Guarded by the lock of the run.
 */
public final class Taken {
  private static final @Nullable Object[] NONE = {};

  private @Nullable Object[] items = NONE;
  private int offset;
  private int count;
  private @Nullable Object @Nullable [] tags;
  private long @Nullable [] times;
  private long time = FlightEvents.NOT_KNOWN;
  private long firstIndex;
  private long firstTask;

  /** What was made of them, until it is noted; null before. */
  private @Nullable Batch<?, ?> batch;

  Taken() {}

  boolean isEmpty() {
    return count == 0;
  }

  int count() {
    return count;
  }

  /** Puts in {@code number} items of an array that is not changed afterwards. */
  void put(@Nullable Object[] all, int from, int number) {
    items = all;
    offset = from;
    count = number;
  }

  /**
   * Puts in the first {@code number} items of an array that is not changed afterwards.
   *
   * @param beside what comes back with each item's outcome; never null
   */
  public void put(@Nullable Object[] all, @Nullable Object[] beside, int number) {
    put(all, 0, number);
    tags = beside;
  }

  /** Notes since when each item has waited; null if that is known of none. */
  void waitSince(long @Nullable [] nanos) {
    times = nanos;
  }

  /** Notes since when all items have waited; may be {@link FlightEvents#NOT_KNOWN}. */
  void waitSince(long nanos) {
    time = nanos;
  }

  /** Notes the place of the first item in its call, and the number of its task. */
  void numbered(long index, long task) {
    firstIndex = index;
    firstTask = task;
  }

  /**
   * Returns the batch of all of them, each time the same one until they are {@linkplain #clear
   * cleared}.
   */
  @SuppressWarnings("unchecked") // it was made for this run
  <T extends @Nullable Object, R extends @Nullable Object> Batch<T, R> batch(Run<T, R> run) {
    var made = (Batch<T, R>) batch;
    if (made == null) {
      made = new Batch<>(run, run.function, items, offset, count, firstIndex, firstTask, 1);
      if (tags != null) {
        made.tagged(tags);
      }
      if (times != null) {
        made.queuedAt(times);
      } else {
        made.queuedAt(time);
      }
      batch = made;
    }
    return made;
  }

  void clear() {
    put(NONE, 0, 0);
    tags = null;
    times = null;
    time = FlightEvents.NOT_KNOWN;
    batch = null;
  }
}
