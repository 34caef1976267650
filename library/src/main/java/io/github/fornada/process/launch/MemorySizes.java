package io.github.fornada.process.launch;

/** Parses sizes of memory in the form of the JVM's options. */
public final class MemorySizes {
  private static final int MAX_DIGITS = 10;

  /** The least heap that a JVM accepts. */
  private static final long LEAST = 2L << 20;

  private MemorySizes() {}

  /** Returns the bytes of a size that a worker can live with, from 2m on. */
  public static long ofWorker(String name, String size) {
    long bytes = parse(name, size);
    if (bytes < LEAST) {
      throw new IllegalArgumentException(name + " must be at least 2m, got \"" + size + "\"");
    }
    return bytes;
  }

  /**
   * Returns the bytes of a size such as {@code 512m}. Without a regular expression, because every
   * pool calls this before its first worker.
   */
  public static long parse(String name, String size) {
    int digits = 0;
    long number = 0;
    while (digits < size.length() && size.charAt(digits) >= '0' && size.charAt(digits) <= '9') {
      number = digits < MAX_DIGITS ? number * 10 + (size.charAt(digits) - '0') : number;
      digits++;
    }
    int shift = digits == size.length() ? 0 : digits == size.length() - 1 ? shift(size) : -1;
    if (digits == 0 || digits > MAX_DIGITS || size.charAt(0) == '0' || shift < 0) {
      throw new IllegalArgumentException(
          name + " must be a number with k, m or g, such as 512m, got \"" + size + "\"");
    }
    if (number > Long.MAX_VALUE >> shift) {
      throw new IllegalArgumentException(
          name + " must be at most " + (Long.MAX_VALUE >> 30) + "g, got \"" + size + "\"");
    }
    return number << shift;
  }

  private static int shift(String size) {
    return switch (size.charAt(size.length() - 1)) {
      case 'k', 'K' -> 10;
      case 'm', 'M' -> 20;
      case 'g', 'G' -> 30;
      default -> -1;
    };
  }
}
