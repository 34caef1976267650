package io.github.fornada;

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
 * <p>In pieces, where one array would be so long that a collector by regions (G1, the default)
 * places it among old objects at once: each result stored there is then a reference from old to
 * young, to be written down and looked after; and when the list is dropped, the array still holds
 * all of them through the next collections. That was half of what a map of a million small items
 * cost its caller's process.
 */
final class ResultList<R extends @Nullable Object> extends AbstractList<R>
    implements RandomAccess, Serializable {
  @Serial private static final long serialVersionUID = 1L;

  /** G1's regions are of 1 MB at least, and half of one is large to it: 131,072 references. */
  private static final int PIECE_BITS = 14;

  private static final int PIECE = 1 << PIECE_BITS;

  /** Elements are written plainly; who reads them must have been told by those who wrote. */
  private final transient @Nullable Object[][] pieces;

  private final transient int size;

  ResultList(int size) {
    this.size = size;
    this.pieces = new @Nullable Object[(size + PIECE - 1) >>> PIECE_BITS][];
    for (int k = 0; k < pieces.length; k++) {
      pieces[k] = new @Nullable Object[Math.min(PIECE, size - (k << PIECE_BITS))];
    }
  }

  /** For who runs the item of that index; once. */
  void put(int index, R value) {
    pieces[index >>> PIECE_BITS][index & PIECE - 1] = value;
  }

  /** As above, of several in a row. */
  void put(int index, @Nullable Object[] values, int from, int count) {
    int at = index;
    int end = index + count;
    int source = from;
    while (at < end) {
      @Nullable Object[] piece = pieces[at >>> PIECE_BITS];
      int n = Math.min(end - at, PIECE - (at & PIECE - 1));
      System.arraycopy(values, source, piece, at & PIECE - 1, n);
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
    return (R) pieces[index >>> PIECE_BITS][index & PIECE - 1];
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
      System.arraycopy(pieces[k], 0, all, k << PIECE_BITS, pieces[k].length);
    }
    return all;
  }

  /** It travels as a list of the JDK's. */
  @Serial
  private Object writeReplace() {
    return Collections.unmodifiableList(Arrays.asList(toArray()));
  }
}
