package io.github.fornada.spi;

import org.jspecify.annotations.Nullable;

/**
 * Elements that workers have delivered and a consumer has not taken yet. They are put at any index
 * and taken in the order of their indices. A ring that grows to the largest distance that was
 * needed. Not thread-safe.
 */
final class ReorderBuffer<E> {
  private @Nullable Object[] ring = new @Nullable Object[16];

  /** Index of the next element to take. */
  private long head;

  /** Index of the first element that was not put yet. */
  private long missing;

  /** Makes room for elements up to an index; {@link #put} needs no memory for those. */
  void reserve(long index) {
    while (index - head >= ring.length) {
      grow();
    }
  }

  void put(long index, E element) {
    reserve(index);
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

  /** Returns whether the next element was put. */
  boolean isReady() {
    return missing > head;
  }

  /** Returns the next element, which stays; null if it was not put yet. */
  @SuppressWarnings("unchecked")
  @Nullable E peek() {
    return (E) ring[(int) (head % ring.length)];
  }

  /** Takes the next element; null if it was not put yet. */
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

  /** Returns how many elements were taken. */
  long taken() {
    return head;
  }

  /** Returns the index of the first element that was not put yet. */
  long missing() {
    return missing;
  }
}
