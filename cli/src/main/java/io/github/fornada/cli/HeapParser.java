package io.github.fornada.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses the size of a heap in the form of the JVM's options: {@code 512m}, {@code 2g}. */
final class HeapParser implements ITypeConverter<String> {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,18})([kKmMgG]?)");

  /** The minimum that the JVM accepts. */
  private static final long MIN_BYTES = 2L << 20;

  /** The maximum that a JVM can address on today's machines. */
  private static final long MAX_BYTES = 16L << 40;

  @Override
  public String convert(String text) {
    String typed = text.strip();
    Matcher matcher = FORM.matcher(typed);
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "--heap must be a number with k, m or g, such as 512m, got \"" + text + "\"");
    }
    int shift =
        switch (matcher.group(2)) {
          case "k", "K" -> 10;
          case "m", "M" -> 20;
          case "g", "G" -> 30;
          default -> 0;
        };
    long number = Long.parseLong(matcher.group(1));
    if (number > MAX_BYTES >> shift || number << shift < MIN_BYTES) {
      throw new TypeConversionException("--heap must be from 2m to 16384g, got \"" + text + "\"");
    }
    return typed;
  }
}
