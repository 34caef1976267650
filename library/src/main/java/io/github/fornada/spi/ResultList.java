package io.github.fornada.spi;

import java.io.Serial;
import java.io.Serializable;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Collections;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * The results of a map. The threads that run its items fill it; then its caller gets it as an
 * unmodifiable list.
 *
 * <p>The elements are in a {@link ChunkedArray}.
 */
final class ResultList<R extends @Nullable Object> extends AbstractList<R>
    implements RandomAccess, Serializable {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Elements are written by plain writes. A reader must have synchronized with the writers: see
   * {@link MapRun}.
   */
  private final transient @Nullable Object[][] pieces;

  private final transient int size;

  ResultList(int size) {
    this.size = size;
    this.pieces = ChunkedArray.of(size);
  }

  /**
   * Sets the result at {@code index}. Called once for each index, by the thread that ran the item.
   */
  void put(int index, R value) {
    pieces[ChunkedArray.piece(index)][ChunkedArray.within(index)] = value;
  }

  /** Sets {@code count} consecutive results. */
  void put(int index, @Nullable Object[] values, int from, int count) {
    int at = index;
    int end = index + count;
    int source = from;
    while (at < end) {
      int within = ChunkedArray.within(at);
      int n = Math.min(end - at, ChunkedArray.LENGTH - within);
      System.arraycopy(values, source, pieces[ChunkedArray.piece(at)], within, n);
      at += n;
      source += n;
    }
  }

  /** Lets go of all results so far: the list is not wanted any more. */
  void drop() {
    for (@Nullable Object[] piece : pieces) {
      Arrays.fill(piece, null);
    }
  }

  @Override
  @SuppressWarnings("unchecked")
  public R get(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("result " + index + " of " + size);
    }
    return (R) pieces[ChunkedArray.piece(index)][ChunkedArray.within(index)];
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  @SuppressWarnings("NullAway") // the JDK's signature does not say that elements may be null
  public Object[] toArray() {
    var all = new Object[size];
    for (int k = 0; k < pieces.length; k++) {
      System.arraycopy(pieces[k], 0, all, k * ChunkedArray.LENGTH, pieces[k].length);
    }
    return all;
  }

  /** It is serialized as a list of the JDK. */
  @Serial
  private Object writeReplace() {
    return Collections.unmodifiableList(Arrays.asList(toArray()));
  }
}
