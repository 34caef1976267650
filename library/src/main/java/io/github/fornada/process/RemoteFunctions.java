package io.github.fornada.process;

import io.github.fornada.spi.Batch;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The functions that agents know, with their numbers and bytes. Guarded by the lock of its pool.
 */
final class RemoteFunctions {
  private static final int MAX_FUNCTIONS = 64;
  private static final long MAX_BYTES = 64 << 20; // Guess

  /**
   * A function that agents know, or will.
   *
   * @param key what it is recognized by
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Known(int number, Object key, byte[] payload) {}

  /** A key that is recognized by its identity. */
  private record Same(Object key) {
    @Override
    @SuppressWarnings("ReferenceEquality") // its equals may be user code
    public boolean equals(@Nullable Object other) {
      return other instanceof Same that && key == that.key;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(key);
    }
  }

  /** The least recently used first. */
  private final LinkedHashMap<Object, Known> known = new LinkedHashMap<>(16, 0.75f, true);

  private int next;
  private long bytes;

  static Object key(Batch<?, ?> batch) {
    return new Same(KnownFunctions.key(batch));
  }

  @Nullable Known find(Object key) {
    return known.get(key);
  }

  Known add(Object key, byte[] payload) {
    Known before = known.get(key);
    if (before != null) {
      return before;
    }
    var made = new Known(next++, key, payload);
    known.put(key, made);
    bytes += payload.length;
    return made;
  }

  /** Removes those that were not used for long; returns their numbers. */
  List<Integer> removeOld() {
    if (known.size() <= MAX_FUNCTIONS && (bytes <= MAX_BYTES || known.size() <= 1)) {
      return List.of();
    }
    var removed = new ArrayList<Integer>();
    Iterator<Known> all = known.values().iterator();
    while (all.hasNext()
        && (known.size() > MAX_FUNCTIONS || (bytes > MAX_BYTES && known.size() > 1))) {
      Known oldest = all.next();
      all.remove();
      bytes -= oldest.payload.length;
      removed.add(oldest.number);
    }
    return removed;
  }
}
