package io.github.fornada.async;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A ring with a planted fault: it reads the head and then sets it, instead of a compare-and-set.
 */
final class LookingRing {
  private final AtomicLong tail = new AtomicLong();
  private final AtomicLong head = new AtomicLong();
  private final AtomicReferenceArray<Integer> cells;

  LookingRing(int capacity) {
    cells = new AtomicReferenceArray<>(capacity);
  }

  synchronized boolean offer(int element) {
    long at = tail.get();
    if (at - head.get() == cells.length()) {
      return false;
    }
    cells.set((int) (at % cells.length()), element);
    tail.set(at + 1);
    return true;
  }

  @Nullable Integer poll() {
    long at = head.get();
    if (at == tail.get()) {
      return null;
    }
    Integer element = cells.get((int) (at % cells.length()));
    head.set(at + 1);
    return element;
  }
}
