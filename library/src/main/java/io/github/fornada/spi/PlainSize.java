package io.github.fornada.spi;

import org.jspecify.annotations.Nullable;

/**
 * The size of a value of which that is plain to see: an array or a text. Bounds by the number of
 * items do not hold for large ones; those are mostly of these kinds.
 */
final class PlainSize {
  private PlainSize() {}

  /** Returns the bytes of the value; 0 for any other, which is taken to be small. */
  static long of(@Nullable Object value) {
    if (value instanceof String text) {
      return text.length();
    }
    if (value == null || !value.getClass().isArray()) {
      return 0;
    }
    // No switch over types: it is linked at its first use, which needs memory.
    if (value instanceof byte[] array) {
      return array.length;
    }
    if (value instanceof char[] array) {
      return (long) Character.BYTES * array.length;
    }
    if (value instanceof short[] array) {
      return (long) Short.BYTES * array.length;
    }
    if (value instanceof int[] array) {
      return (long) Integer.BYTES * array.length;
    }
    if (value instanceof float[] array) {
      return (long) Float.BYTES * array.length;
    }
    if (value instanceof long[] array) {
      return (long) Long.BYTES * array.length;
    }
    return value instanceof double[] array ? (long) Double.BYTES * array.length : 0;
  }
}
