package io.github.fornada.cli;

import java.time.Duration;
import picocli.CommandLine.ITypeConverter;

/** Parses a pause: a duration, or 0 for none. */
final class PauseParser implements ITypeConverter<Duration> {
  private final DurationParser durations = new DurationParser();

  @Override
  public Duration convert(String text) {
    return text.strip().matches("0+(ms|s|m|min|h)?") ? Duration.ZERO : durations.convert(text);
  }
}
