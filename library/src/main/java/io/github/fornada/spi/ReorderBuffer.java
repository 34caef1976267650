package io.github.fornada.spi;

import org.jspecify.annotations.Nullable;

/**
 * What workers have brought and a consumer has not taken yet: put at any index, taken in the order
 * of the indices. A ring that grows to the widest gap there was. Not thread-safe.
 */
final class ReorderBuffer<E> {
  private @Nullable Object[] ring = new @Nullable Object[16];

  /** Index of the next element to take. */
  private long head;

  /** Index of the first element that is not there yet. */
  private long missing;

  void put(long index, E element) {
    while (index - head >= ring.length) {
      grow();
    }
    ring[(int) (index % ring.length)] = element;
    while (missing - head < ring.length && ring[(int) (missing % ring.length)] != null) {
      missing++;
    }
  }

  private void grow() {
    var larger = new @Nullable Object[ring.length * 2];
    for (long k = head; k < head + ring.length; k++) {
      larger[(int) (k % larger.length)] = ring[(int) (k % ring.length)];
    }
    ring = larger;
  }

  /** Whether the next element is there. */
  boolean isReady() {
    return missing > head;
  }

  /** Takes the next element; null if it is not there yet. */
  @SuppressWarnings("unchecked")
  @Nullable E poll() {
    int at = (int) (head % ring.length);
    E element = (E) ring[at];
    if (element != null) {
      ring[at] = null;
      head++;
    }
    return element;
  }

  /** Returns how many were taken. */
  long taken() {
    return head;
  }

  /** Returns the index of the first element that was not put yet. */
  long missing() {
    return missing;
  }
}
