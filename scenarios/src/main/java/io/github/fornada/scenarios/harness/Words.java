package io.github.fornada.scenarios.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Figures and verdicts as text, the same in every kind of report. */
public final class Words {
  private static final double MIB = 1 << 20;

  private Words() {}

  /** Returns a factor such as {@code 1.97x}. */
  public static String times(double factor) {
    return Double.isNaN(factor)
        ? "-"
        : String.format(
            Locale.ROOT, factor >= 100 ? "%.0fx" : factor >= 10 ? "%.1fx" : "%.2fx", factor);
  }

  /** Returns an amount of memory such as {@code 96 MiB}. */
  static String memory(long bytes) {
    return bytes < 0 ? "-" : String.format(Locale.ROOT, "%.0f MiB", bytes / MIB);
  }

  /** Returns a number with a decimal point, whatever the locale. */
  @SuppressWarnings("AnnotateFormatMethod") // the annotation would add a dependency
  public static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }

  /** Returns the best with its interval, or that there is a tie and between which. */
  static String best(TrialReport trial) {
    List<Measured> best = trial.comparison().best();
    String names = best.stream().map(Measured::name).collect(Collectors.joining(", "));
    String interval = best.getFirst().interval().text();
    return best.size() == 1 ? names + " " + interval : "tie: " + names + " " + interval;
  }

  /** Returns the hand-written version and its ratio; a dash if there is none. */
  static String expert(TrialReport trial) {
    return trial
        .comparison()
        .expert()
        .map(expert -> times(trial.comparison().expertRatio()) + " of " + expert.name())
        .orElse("-");
  }

  /** Returns what the advisor chose, or a dash where it was not asked. */
  static String advised(TrialReport trial) {
    return trial.advised().orElse("-");
  }

  /** Breaks text into lines of at most {@code width} columns, at spaces where possible. */
  static List<String> wrap(String text, int width) {
    var lines = new ArrayList<String>();
    var line = new StringBuilder();
    for (String word : text.split(" |\\R")) {
      String rest = word;
      if (!line.isEmpty() && line.length() + 1 + rest.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      while (rest.length() > width) {
        int hyphen = rest.lastIndexOf('-', width - 1);
        int end = hyphen > 0 ? hyphen + 1 : width;
        lines.add(rest.substring(0, end));
        rest = rest.substring(end);
      }
      if (!line.isEmpty()) {
        line.append(' ');
      }
      line.append(rest);
    }
    lines.add(line.toString());
    return lines;
  }
}
