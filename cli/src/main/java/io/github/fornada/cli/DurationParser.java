package io.github.fornada.cli;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses durations as people write them: {@code 250ms}, {@code 5s}, {@code 1.5m}, {@code 2h}. */
final class DurationParser implements ITypeConverter<Duration> {
  private static final Pattern FORM = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ms|s|m|min|h)");

  /** A number with more characters is out of range in any unit. */
  private static final int MAX_CHARACTERS = 30;

  /** About eleven years. A nanosecond counter of 64 bits ends at 292. */
  private static final Duration LONGEST = Duration.ofHours(100_000);

  private static final BigDecimal NANOS_PER_MILLI = BigDecimal.valueOf(1_000_000);

  @Override
  public Duration convert(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "a duration is a number with ms, s, m or h, such as 5s or 250ms, got \""
              + shortened(text)
              + "\"");
    }
    long unit =
        switch (matcher.group(2)) {
          case "ms" -> 1;
          case "s" -> 1_000;
          case "m", "min" -> 60_000;
          default -> 3_600_000;
        };
    String number = matcher.group(1);
    if (number.length() <= MAX_CHARACTERS) {
      BigDecimal nanos =
          new BigDecimal(number).multiply(BigDecimal.valueOf(unit)).multiply(NANOS_PER_MILLI);
      if (nanos.compareTo(BigDecimal.ONE) >= 0
          && nanos.compareTo(BigDecimal.valueOf(LONGEST.toNanos())) <= 0) {
        return Duration.ofNanos(nanos.longValue());
      }
      if (nanos.signum() == 0) {
        throw new TypeConversionException(
            "a duration must be positive, got \"" + shortened(text) + "\"");
      }
    }
    throw new TypeConversionException(
        "a duration must be from 0.000001ms to "
            + LONGEST.toHours()
            + "h, got \""
            + shortened(text)
            + "\"");
  }

  private static String shortened(String text) {
    return text.length() <= MAX_CHARACTERS ? text : text.substring(0, MAX_CHARACTERS) + "...";
  }
}
