package io.github.fornada.jvm;

import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** What users pass as sources of items. */
public final class Sources {
  private Sources() {}

  /**
   * Returns the source's iterator. Runs user code.
   *
   * @throws NullPointerException saying which source has none, if its {@code iterator} method
   *     returns null, as {@code () -> null} does
   */
  public static <T extends @Nullable Object> Iterator<T> iterator(Iterable<T> source) {
    @Nullable Iterator<T> made = source.iterator();
    if (made == null) {
      throw new NullPointerException(
          "the items cannot be read: the method iterator() of their source, of class "
              + source.getClass().getName()
              + ", returned null. Return Collections.emptyIterator() for no items");
    }
    return made;
  }
}
