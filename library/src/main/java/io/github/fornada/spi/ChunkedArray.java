package io.github.fornada.spi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Stores many references in several small arrays instead of one large one.
 *
 * <p>G1, the JVM's default collector, allocates an array of half a region or more directly in the
 * old generation. Each young object stored there is then a reference from old to young, which G1
 * must record and scan. When such an array is dropped, it still keeps all its elements alive
 * through the next young collections. That was half of what a map of a million small items cost its
 * caller's process.
 */
final class ChunkedArray {
  /**
   * G1's regions have at least 1 MB, and an array of half a region is large to it: 131,072
   * references.
   */
  private static final int BITS = 14;

  /** The number of references in each piece but the last. */
  static final int LENGTH = 1 << BITS;

  private ChunkedArray() {}

  /** Returns the index of the piece that has the element {@code place}. */
  static int piece(int place) {
    return place >>> BITS;
  }

  /** Returns the index within its piece of the element {@code place}. */
  static int within(int place) {
    return place & LENGTH - 1;
  }

  /** Returns the number of references. */
  static int count(@Nullable Object[][] pieces) {
    int last = pieces.length - 1;
    return last < 0 ? 0 : last * LENGTH + pieces[last].length;
  }

  /** Returns pieces for {@code size} references. */
  static @Nullable Object[][] of(int size) {
    var pieces = new @Nullable Object[piece(size + LENGTH - 1)][];
    for (int k = 0; k < pieces.length; k++) {
      pieces[k] = new @Nullable Object[Math.min(LENGTH, size - k * LENGTH)];
    }
    return pieces;
  }

  /** Returns the elements that a collection has now. */
  static @Nullable Object[][] of(Collection<?> source) {
    Collection<?> elements = source;
    if (source.size() <= LENGTH) {
      Object[] all = source.toArray();
      if (all.getClass() != Object[].class) {
        // so that it can hold elements of any class
        all = Arrays.copyOf(all, all.length, Object[].class);
      }
      if (all.length <= LENGTH) {
        return all.length == 0 ? new Object[0][] : new Object[][] {all};
      }
      elements = Arrays.asList(all); // the collection has grown meanwhile
    }
    var collected = new Collected();
    elements.forEach(collected);
    return collected.pieces();
  }

  private static final class Collected implements Consumer<@Nullable Object> {
    private final List<@Nullable Object[]> full = new ArrayList<>();
    private @Nullable Object[] last = new @Nullable Object[LENGTH];
    private int count;

    @Override
    public void accept(@Nullable Object element) {
      if (count == LENGTH) {
        full.add(last);
        last = new @Nullable Object[LENGTH];
        count = 0;
      }
      last[count++] = element;
    }

    @Nullable Object[][] pieces() {
      if (count > 0) {
        full.add(Arrays.copyOf(last, count));
      }
      return full.toArray(new @Nullable Object[0][]);
    }
  }
}
