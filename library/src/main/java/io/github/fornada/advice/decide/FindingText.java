package io.github.fornada.advice.decide;

import java.util.Locale;

/** A finding as text for people: words first, then a table that fits a terminal. */
public final class FindingText {
  /** The columns that a line may have. */
  private static final int WIDTH = 80;

  private FindingText() {}

  /** Breaks text into lines. */
  @FunctionalInterface
  public interface Wrapper {
    /** Appends sentences in lines of at most so many columns, each with {@code lineEnd}. */
    void append(StringBuilder text, String sentences, int columns, String lineEnd);
  }

  /** Returns all of it as text of several lines, the last with a line end too. */
  public static String of(Finding finding, Wrapper wrapper) {
    var text = new StringBuilder();
    wrapper.append(text, String.join(" ", finding.sentences()), WIDTH, "\n");
    if (!finding.wouldChange().isBlank()) {
      text.append('\n');
      wrapper.append(text, finding.wouldChange(), WIDTH, "\n");
    }
    if (finding.predictions().isEmpty()) {
      return text.toString();
    }
    text.append('\n');
    text.append(
        line(
            "%-10s %7s %11s  %9s  %-19s %8s",
            "model", "at once", "items/s", "the rest", "90 % of the time", "memory"));
    for (Prediction each : finding.predictions()) {
      text.append(row(each, finding.advised()));
    }
    text.append('\n');
    text.append(line("How sure: %.0f %%.%s", 100 * finding.confidence(), harm(finding)));
    return text.toString();
  }

  private static String harm(Finding finding) {
    var text = new StringBuilder();
    if (finding.failed() > 0) {
      text.append(" Failed: ").append(finding.failed()).append('.');
    }
    if (finding.refused() > 0) {
      text.append(" Refused: ").append(finding.refused()).append('.');
    }
    if (finding.workersForNothing() > 0) {
      text.append(" Workers started for nothing: ").append(finding.workersForNothing()).append('.');
    }
    return text.toString();
  }

  private static String row(Prediction each, Setting advised) {
    Setting setting = each.setting();
    String name = setting.model().label();
    if (each.ruledOut() != null) {
      String row =
          String.format(
              Locale.ROOT,
              "%-10s not %s: %s",
              name,
              each.isNotKnown() ? "known" : "possible",
              each.ruledOut());
      return (row.length() > WIDTH ? row.substring(0, WIDTH - 3) + "..." : row) + '\n';
    }
    return line(
        "%-10s %7d %11s  %9s  %-19s %8s%s",
        name,
        setting.size(),
        rate(each.rate()),
        seconds(each.seconds()),
        seconds(each.secondsLow()) + " to " + seconds(each.secondsHigh()),
        bytes(each.memoryBytes()),
        setting.model() == advised.model() ? " <-" : "");
  }

  @SuppressWarnings("AnnotateFormatMethod") // its annotation is no part of the JDK
  private static String line(String form, Object... values) {
    return String.format(Locale.ROOT, form, values).stripTrailing() + '\n';
  }

  private static String rate(double rate) {
    return String.format(Locale.ROOT, rate < 9.95 ? "%,.1f" : "%,.0f", rate);
  }

  private static String seconds(double seconds) {
    if (!Double.isFinite(seconds)) {
      return "?";
    }
    if (seconds < 0.995) {
      return String.format(Locale.ROOT, seconds < 0.00995 ? "%.1f ms" : "%.0f ms", seconds * 1e3);
    }
    if (seconds < 119.5) {
      return String.format(Locale.ROOT, seconds < 9.95 ? "%.1f s" : "%.0f s", seconds);
    }
    return seconds < 7200
        ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
        : String.format(Locale.ROOT, "%,.0f h", seconds / 3600);
  }

  private static String bytes(long bytes) {
    if (bytes < 1_000_000) {
      return bytes <= 0 ? "-" : Math.max(1, bytes / 1000) + " kB";
    }
    return bytes < 10_000_000_000L ? bytes / 1_000_000 + " MB" : bytes / 1_000_000_000 + " GB";
  }
}
