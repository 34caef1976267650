package io.github.fornada.timeline;

import io.github.fornada.jvm.BoundedText;
import java.io.File;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Short labels for items of any type. They are made on the threads that run items, so user code is
 * called on another one, for a bounded time.
 */
final class ItemText {
  /** Longest label, in characters. */
  static final int LENGTH = 80;

  /** Collections that ask nobody else for their size, as a view does. */
  private static final Set<String> KNOWN_SIZES =
      Set.of(
          "java.util.ArrayList",
          "java.util.Arrays$ArrayList",
          "java.util.ImmutableCollections$List12",
          "java.util.ImmutableCollections$ListN",
          "java.util.ImmutableCollections$Set12",
          "java.util.ImmutableCollections$SetN",
          "java.util.ImmutableCollections$Map1",
          "java.util.ImmutableCollections$MapN",
          "java.util.LinkedList",
          "java.util.ArrayDeque",
          "java.util.HashSet",
          "java.util.LinkedHashSet",
          "java.util.TreeSet",
          "java.util.HashMap",
          "java.util.LinkedHashMap",
          "java.util.TreeMap");

  private ItemText() {}

  /** Returns the label of an item: at most {@value #LENGTH} characters, shortened in the middle. */
  static String of(@Nullable Object item) {
    return switch (item) {
      case null -> "null";
      case String text -> shortened(text);
      // The toString of a collection may be as large as everything in it.
      case Collection<?> many -> item.getClass().getSimpleName() + " of " + size(item, many::size);
      case Map<?, ?> map -> item.getClass().getSimpleName() + " of " + size(item, map::size);
      case Callable<?> call -> item.getClass().getSimpleName();
      case Runnable run -> item.getClass().getSimpleName();
      case Object array when array.getClass().isArray() ->
          array.getClass().getComponentType().getSimpleName() + "[" + Array.getLength(array) + "]";
      default -> shortened(text(item));
    };
  }

  private interface Size {
    int size();
  }

  private static String size(Object item, Size of) {
    return KNOWN_SIZES.contains(item.getClass().getName())
        ? String.valueOf(of.size())
        : BoundedText.boundedMessage(() -> String.valueOf(of.size()), "unknown size");
  }

  /** Returns what toString returns; a note with the class if it throws or takes too long. */
  static String text(Object item) {
    return runsNoUserCode(item) ? item.toString() : BoundedText.of(item);
  }

  /** Whether a class of the JDK's makes the text, of nothing of the user's. */
  private static boolean runsNoUserCode(Object item) {
    return item.getClass().getClassLoader() == null
        && (BoundedText.isPlain(item)
            || item instanceof Path
            || item instanceof File
            || item instanceof URI
            || item instanceof UUID
            || item instanceof BigInteger
            || item instanceof BigDecimal);
  }

  /** Returns the text without its middle: the ends of paths and links are more useful. */
  static String shortened(String text) {
    if (text.length() <= LENGTH) {
      return text;
    }
    int head = LENGTH * 2 / 5;
    int tail = text.length() - (LENGTH - head - 1);
    if (Character.isHighSurrogate(text.charAt(head - 1))) {
      head--;
    }
    if (Character.isLowSurrogate(text.charAt(tail))) {
      tail++;
    }
    return text.substring(0, head) + "\u2026" + text.substring(tail);
  }
}
