package io.github.fornada.jvm;

import java.util.AbstractCollection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * A queue in an array that grows, for bookkeeping that goes on where the heap was full for a
 * moment: an element that there is no memory for changes nothing. The JDK's {@code ArrayDeque} (25)
 * writes first and grows then; if it cannot grow, it has lost all that it held.
 *
 * <p>Removing needs no memory. Not thread-safe.
 *
 * @param <E> the elements
 */
public final class Fifo<E> extends AbstractCollection<E> {
  private static final int FIRST_CAPACITY = 16; // a power of two, as each is

  private @Nullable Object[] elements = new @Nullable Object[FIRST_CAPACITY];

  /** The index of the first element. */
  private int head;

  private int size;

  /** Makes an empty queue. */
  public Fifo() {}

  @Override
  public int size() {
    return size;
  }

  /**
   * Makes room for {@code more} elements beyond those that are here: adding so many cannot fail.
   *
   * @throws OutOfMemoryError if the heap has no room; nothing has changed then
   */
  public void reserve(int more) {
    long needed = (long) size + more;
    if (needed <= elements.length) {
      return;
    }
    if (needed > 1 << 30) {
      throw new IllegalStateException("a queue of more than 2^30 elements");
    }
    var larger = new @Nullable Object[Integer.highestOneBit((int) needed - 1) << 1];
    for (int k = 0; k < size; k++) {
      larger[k] = elements[at(k)];
    }
    elements = larger;
    head = 0;
  }

  /** Adds an element behind the last one; always returns true. */
  @Override
  public boolean add(E element) {
    addLast(element);
    return true;
  }

  /** Adds an element behind the last one. */
  public void addLast(E element) {
    reserve(1);
    elements[at(size)] = element;
    size++;
  }

  /** Adds an element before the first one. */
  public void addFirst(E element) {
    reserve(1);
    head = at(elements.length - 1);
    elements[head] = element;
    size++;
  }

  /** Returns the first element, which stays; null if there is none. */
  public @Nullable E peek() {
    return size == 0 ? null : get(0);
  }

  /** Removes the first element and returns it; null if there is none. */
  public @Nullable E poll() {
    return size == 0 ? null : remove();
  }

  /** Removes the first element and returns it. */
  public E remove() {
    E first = first();
    elements[head] = null;
    head = at(1);
    size--;
    return first;
  }

  /** Returns the first element, which stays. */
  public E first() {
    return get(0);
  }

  /** Returns the last element, which stays. */
  public E last() {
    return get(size - 1);
  }

  /** Removes the last element and returns it. */
  public E removeLast() {
    E last = last();
    elements[at(size - 1)] = null;
    size--;
    return last;
  }

  @Override
  public void clear() {
    for (int k = 0; k < size; k++) {
      elements[at(k)] = null;
    }
    size = 0;
  }

  /** Returns the element at place {@code k}, from 0. */
  public E get(int k) {
    if (k < 0 || k >= size) {
      throw new NoSuchElementException();
    }
    return element(k);
  }

  private int at(int k) {
    return (head + k) & (elements.length - 1);
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // only elements are written, none else is read
  private E element(int k) {
    return (E) elements[at(k)];
  }

  /** Takes out the element at place {@code k}: those behind it move up. */
  private void removeAt(int k) {
    for (int next = k + 1; next < size; next++) {
      elements[at(next - 1)] = elements[at(next)];
    }
    elements[at(size - 1)] = null;
    size--;
  }

  /** Returns the elements from the first to the last; can remove them. */
  @Override
  public Iterator<E> iterator() {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < size;
      }

      @Override
      public E next() {
        E element = get(next);
        next++;
        return element;
      }

      @Override
      public void remove() {
        next--;
        removeAt(next);
      }
    };
  }
}
