package io.github.fornada.spi;

import io.github.fornada.jvm.Fifo;
import java.util.Arrays;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Items taken from their source that no worker has taken yet, with their arrival times if a Flight
 * Recorder recording needs them. Not thread-safe.
 */
final class PendingItems {
  /** An item with the time when it was taken from its source. */
  private record Timed(@Nullable Object item, long nanos) {}

  /** Stands for the item null in a queue that takes none. */
  private static final Object NULL = new Object();

  private final Fifo<Object> entries = new Fifo<>();
  private long bytes;

  /** Returns the entry to {@linkplain #add add} for an item. Needs no lock. */
  static Object entry(@Nullable Object item) {
    return FlightEvents.wantTasks()
        ? new Timed(item, System.nanoTime())
        : item == null ? NULL : item;
  }

  void add(Object entry) {
    entries.add(entry);
    bytes += bytes(entry);
  }

  /** Returns the bytes of the items, as far as their size is plain to see. */
  long bytes() {
    return bytes;
  }

  private static long bytes(Object entry) {
    Object item = entry instanceof Timed(Object timed, long _) ? timed : entry;
    return PlainSize.of(HandedOver.original(item));
  }

  int size() {
    return entries.size();
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  void clear() {
    for (Object entry : entries) {
      HandedOver.release(entry instanceof Timed(Object timed, long _) ? timed : entry);
    }
    entries.clear();
    bytes = 0;
  }

  /** Moves the first items, at most {@code most}; none where there is no memory. */
  void take(int most, Taken into) {
    int n = Math.min(most, entries.size());
    var items = new @Nullable Object[n];
    long[] times = null;
    Iterator<Object> all = entries.iterator();
    for (int i = 0; i < n; i++) {
      Object entry = all.next();
      if (entry instanceof Timed(Object timed, long nanos)) {
        if (times == null) {
          times = new long[n];
          // earlier items have no time: the recording began after them
          Arrays.fill(times, FlightEvents.NOT_KNOWN);
        }
        times[i] = nanos;
        items[i] = timed;
      } else {
        items[i] = entry == NULL ? null : entry;
      }
    }
    for (int i = 0; i < n; i++) { // now that there was memory for all
      bytes -= bytes(entries.remove());
    }
    into.put(items, 0, n);
    into.waitSince(times);
  }
}
