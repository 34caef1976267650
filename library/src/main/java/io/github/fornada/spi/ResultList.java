package io.github.fornada.spi;

import java.io.Serial;
import java.io.Serializable;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Collections;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * The results of a map, first to be filled by those who run its items, then the list that its
 * caller gets, which cannot be changed.
 *
 * <p>In {@link ChunkedArray}, behind the face of one list.
 */
final class ResultList<R extends @Nullable Object> extends AbstractList<R>
    implements RandomAccess, Serializable {
  @Serial private static final long serialVersionUID = 1L;

  /** Elements are written plainly; who reads them must have been told by those who wrote. */
  private final transient @Nullable Object[][] pieces;

  private final transient int size;

  ResultList(int size) {
    this.size = size;
    this.pieces = ChunkedArray.of(size);
  }

  /** For who runs the item of that index; once. */
  void put(int index, R value) {
    pieces[ChunkedArray.piece(index)][ChunkedArray.within(index)] = value;
  }

  /** Puts {@code count} results in a row. */
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

  /** It travels as a list of the JDK's. */
  @Serial
  private Object writeReplace() {
    return Collections.unmodifiableList(Arrays.asList(toArray()));
  }
}
