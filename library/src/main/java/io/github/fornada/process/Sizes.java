package io.github.fornada.process;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes of memory as the JVM's options take them. */
final class Sizes {
  private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,9})([kKmMgG]?)");

  private Sizes() {}

  /** Bytes of a size such as {@code 512m}. */
  static long parse(String name, String size) {
    Matcher matcher = SIZE.matcher(size);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          name + " must be a number with k, m or g, such as 512m, got \"" + size + "\"");
    }
    int shift =
        switch (matcher.group(2)) {
          case "k", "K" -> 10;
          case "m", "M" -> 20;
          case "g", "G" -> 30;
          default -> 0;
        };
    return Long.parseLong(matcher.group(1)) << shift;
  }
}
