package io.github.fornada.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Formats figures as a table of at most 80 columns. */
final class ComparisonTable {
  private static final List<String> TOP =
      List.of("", "wall", "", "speed-", "in", "busy", "peak", "start-", "");
  private static final List<String> BOTTOM =
      List.of("model", "time", "spread", "up", "flight", "cores", "memory", "up", "failed");
  private static final List<String> TITLES =
      List.of(
          "model",
          "wall time",
          "spread",
          "speed-up",
          "in flight",
          "busy cores",
          "peak memory",
          "start-up",
          "failed");
  private static final String GAP = "  ";

  private ComparisonTable() {}

  /** Returns the table, without an end of line. */
  static String of(List<Figures> runs) {
    var rows = new ArrayList<List<String>>(List.of(TOP, BOTTOM));
    runs.forEach(run -> rows.add(row(run)));
    int[] widths = new int[TOP.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    var text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      if (r == 2) {
        for (int i = 0; i < widths.length; i++) {
          text.append(i == 0 ? "" : GAP).append("-".repeat(widths[i]));
        }
        text.append('\n');
      }
      var line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String cell = rows.get(r).get(i);
        String space = " ".repeat(widths[i] - cell.length());
        line.append(i == 0 ? cell + space : GAP + space + cell);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString().stripTrailing();
  }

  private static List<String> row(Figures run) {
    return List.of(
        run.model().label(),
        (run.cutOff() ? "~" : "") + Words.seconds(run.seconds()),
        run.cutOff() ? "cut off" : spread(run),
        Double.isNaN(run.speedup()) ? "-" : speedup(run.speedup()),
        Words.figure(run.inFlight()),
        Words.figure(run.busyCores()),
        run.peakMemoryBytes() < 0 ? "-" : Words.bytes(run.peakMemoryBytes()),
        Words.seconds(run.startupSeconds()),
        String.valueOf(run.failed()));
  }

  /** Returns the figures for the report, by the titles of their columns. */
  static Map<String, String> cells(Figures run) {
    List<String> row = row(run);
    var cells = new LinkedHashMap<String, String>();
    for (int i = 0; i < row.size(); i++) {
      String title = TITLES.get(i);
      if (!row.get(i).equals("-")) {
        cells.put(title, row.get(i));
      }
    }
    return cells;
  }

  private static String spread(Figures run) {
    if (run.rounds() < 2 || Double.isNaN(run.spread())) {
      return "-";
    }
    double percent = 100 * run.spread() / run.seconds();
    return String.format(Locale.ROOT, percent < 9.95 ? "±%.1f%%" : "±%.0f%%", percent);
  }

  static String speedup(double value) {
    return String.format(Locale.ROOT, value < 99.95 ? "%.1fx" : "%.0fx", value);
  }
}
