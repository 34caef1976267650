package io.github.fornada.timeline;

import java.lang.reflect.Array;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Short labels for items of any type. */
final class ItemText {
  /** Longest label, in characters. */
  static final int LENGTH = 80;

  private ItemText() {}

  /** Returns the label of an item: at most {@value #LENGTH} characters, shortened in the middle. */
  static String of(@Nullable Object item) {
    return switch (item) {
      case null -> "null";
      case String text -> shortened(text);
      // The toString of a collection may be as large as everything in it.
      case Collection<?> many -> item.getClass().getSimpleName() + " of " + size(many::size);
      case Map<?, ?> map -> item.getClass().getSimpleName() + " of " + size(map::size);
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

  private static String size(Size of) {
    try {
      return String.valueOf(of.size());
    } catch (RuntimeException | StackOverflowError e) {
      return "unknown size"; // a user's own collection class
    }
  }

  /** Returns what toString returns; a note with the class if it throws. */
  static String text(Object item) {
    try {
      return String.valueOf(item.toString());
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      // An item whose toString throws must still have its bar on the timeline.
      return "a " + item.getClass().getName() + " whose toString fails";
    }
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
