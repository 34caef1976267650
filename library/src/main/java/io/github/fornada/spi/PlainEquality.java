package io.github.fornada.spi;

import io.github.fornada.jvm.ValueClasses;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Equality by all of a value's content, for values whose classes are the JDK's. The {@code equals}
 * of a user's class may leave a part of the content out; two objects of such a class are equal here
 * only if they are the same object. Runs no user code.
 */
final class PlainEquality {
  /** The maximum number of elements compared in one collection; larger ones are not equal. */
  private static final int MAX_ELEMENTS = 1000; // Guess

  /** How deep collections may stand within one another; deeper ones are not equal. */
  private static final int MAX_DEPTH = 8; // Guess

  /** Those that can change. A sorted map is none: its order may come from code of the user's. */
  private static final Set<Class<?>> COLLECTIONS =
      Set.of(ArrayList.class, HashMap.class, LinkedHashMap.class);

  private PlainEquality() {}

  /** Returns whether the values at each index are equal. */
  static boolean ofAll(@Nullable Object[] first, @Nullable Object[] second) {
    if (first.length != second.length) {
      return false;
    }
    for (int k = 0; k < first.length; k++) {
      if (!of(first[k], second[k], 0)) {
        return false;
      }
    }
    return true;
  }

  /** Returns a hash of values that is the same for equal ones. */
  static int hashOfAll(@Nullable Object[] values) {
    int hash = 1;
    for (Object value : values) {
      hash = 31 * hash + hash(value, 0);
    }
    return hash;
  }

  private static int hash(@Nullable Object value, int depth) {
    if (value == null) {
      return 0;
    }
    if (ValueClasses.contains(value.getClass())) {
      return value.hashCode();
    }
    if (depth == MAX_DEPTH || !isComparable(value)) {
      return System.identityHashCode(value);
    }
    int hash = 1;
    if (value instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        hash = 31 * hash + hash(entry.getKey(), depth + 1);
        hash = 31 * hash + hash(entry.getValue(), depth + 1);
      }
    } else if (value instanceof List<?> list) {
      for (Object element : list) {
        hash = 31 * hash + hash(element, depth + 1);
      }
    }
    return hash;
  }

  /** Returns whether a value is a collection whose elements are compared. */
  private static boolean isComparable(Object value) {
    Class<?> type = value.getClass();
    boolean isOfTheJdk = COLLECTIONS.contains(type) || ValueClasses.isImmutableCollection(type);
    return isOfTheJdk
        && (value instanceof Map<?, ?> || value instanceof List<?>)
        && size(value) <= MAX_ELEMENTS;
  }

  private static int size(Object collection) {
    return collection instanceof Map<?, ?> map ? map.size() : ((List<?>) collection).size();
  }

  @SuppressWarnings("ReferenceEquality") // the same object is equal, whatever its class
  private static boolean of(@Nullable Object first, @Nullable Object second, int depth) {
    if (first == second) {
      return true;
    }
    if (first == null || second == null || first.getClass() != second.getClass()) {
      return false;
    }
    if (ValueClasses.contains(first.getClass())) {
      // Addresses are equal in whatever case their hosts are written.
      return first.equals(second)
          && (!(first instanceof URI) || first.toString().equals(second.toString()));
    }
    if (depth == MAX_DEPTH || !isComparable(first) || size(first) != size(second)) {
      return false;
    }
    return first instanceof Map<?, ?> map
        ? ofMaps(map, (Map<?, ?>) second, depth)
        : ofLists((List<?>) first, (List<?>) second, depth);
  }

  /**
   * Returns whether maps have the same keys and values. Their order counts too: it is content that
   * a task can see.
   */
  private static boolean ofMaps(Map<?, ?> first, Map<?, ?> second, int depth) {
    Iterator<? extends Map.Entry<?, ?>> others = second.entrySet().iterator();
    for (Map.Entry<?, ?> entry : first.entrySet()) {
      if (!others.hasNext()) {
        return false; // it was changed meanwhile
      }
      Map.Entry<?, ?> other = others.next();
      if (!of(entry.getKey(), other.getKey(), depth + 1)
          || !of(entry.getValue(), other.getValue(), depth + 1)) {
        return false;
      }
    }
    return true;
  }

  private static boolean ofLists(List<?> first, List<?> second, int depth) {
    for (int k = 0; k < first.size(); k++) {
      if (!of(first.get(k), second.get(k), depth + 1)) {
        return false;
      }
    }
    return true;
  }
}
