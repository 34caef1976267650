package io.github.fornada.cli;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations as people write them: {@code 250ms}, {@code 5s}, {@code 1.5m}, {@code 2h}. */
final class DurationParser implements ITypeConverter<Duration> {
  private static final Pattern FORM = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ms|s|m|min|h)");

  @Override
  public Duration convert(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "a duration is a number with ms, s, m or h, such as 5s or 250ms, got \"" + text + "\"");
    }
    long unit =
        switch (matcher.group(2)) {
          case "ms" -> 1;
          case "s" -> 1_000;
          case "m", "min" -> 60_000;
          default -> 3_600_000;
        };
    BigDecimal millis = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit));
    Duration duration = Duration.ofNanos(millis.movePointRight(6).longValue());
    if (!duration.isPositive()) {
      throw new TypeConversionException("a duration must be positive, got \"" + text + "\"");
    }
    return duration;
  }
}
