package io.github.fornada.scenarios.harness;

import io.github.fornada.ExecutionModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reports as text of at most 80 columns. */
public final class TextReport {
  private static final int COLUMNS = 80;
  private static final int[] WIDTHS = {17, 15, 18, 6, 8, 11};
  private static final String INDENT = "    ";

  private TextReport() {}

  /** Returns the table: for each trial its figures, and below them why. */
  public static String table(TableReport report) {
    var lines = new ArrayList<String>();
    row(lines, "scenario", "guide's pick", "best here (90 %)", "gain", "memory", "advisor");
    lines.add("-".repeat(COLUMNS));
    for (ScenarioReport scenario : report.scenarios()) {
      for (TrialReport trial : scenario.trials()) {
        row(
            lines,
            trial.title(),
            trial.guidePick(),
            Words.best(trial),
            Words.times(trial.comparison().gain()),
            Words.memory(trial.comparison().fastest().memoryBytes()),
            Words.advised(trial));
        paragraph(lines, trial.why());
        paragraph(
            lines, "Python: " + trial.python().orElse("-") + "; expert: " + Words.expert(trial));
      }
      scenario
          .problem()
          .ifPresent(problem -> {
            lines.add(scenario.name());
            paragraph(lines, problem);
          });
    }
    lines.add("-".repeat(COLUMNS));
    footer(lines, report);
    return String.join("\n", lines) + "\n";
  }

  private static void footer(List<String> lines, TableReport report) {
    report.trials().stream()
        .mapToInt(TrialReport::blocks)
        .min()
        .ifPresent(blocks -> {
          String note =
              "The interval is that of the median, from the runs of each way in blocks of random"
                  + " order (seed "
                  + report.seed()
                  + "). A tie: the intervals overlap.";
          if (blocks < Interval.ENOUGH) {
            note +=
                Words.format(
                    " Some rows have %d blocks: theirs is a %d %% interval at most.",
                    blocks, Interval.coverage(blocks));
          }
          lines.addAll(Words.wrap(note, COLUMNS));
        });
    long asked = report.trials().stream().filter(trial -> trial.advised().isPresent()).count();
    if (asked > 0) {
      lines.add(
          Words.format(
              "The advisor's choice is the best or tied with it in %d of %d.",
              report.trials().stream().filter(TrialReport::isWellAdvised).count(), asked));
    }
    lines.addAll(Words.wrap(report.machine(), COLUMNS));
    lines.addAll(Words.wrap(report.java(), COLUMNS));
    lines.add(
        String.format(
            Locale.ROOT,
            "%s, size %s, %.0f s in all",
            report.date(),
            report.size().label(),
            report.seconds()));
  }

  private static void row(List<String> lines, String... cells) {
    var wrapped = new ArrayList<List<String>>();
    int height = 0;
    for (int i = 0; i < cells.length; i++) {
      List<String> cell = Words.wrap(cells[i], WIDTHS[i]);
      wrapped.add(cell);
      height = Math.max(height, cell.size());
    }
    for (int y = 0; y < height; y++) {
      var line = new StringBuilder();
      for (int i = 0; i < cells.length; i++) {
        String part = y < wrapped.get(i).size() ? wrapped.get(i).get(y) : "";
        boolean number = i >= 3;
        String pad = " ".repeat(WIDTHS[i] - part.length());
        line.append(number ? pad + part : part + pad).append(' ');
      }
      lines.add(line.toString().stripTrailing());
    }
  }

  private static void paragraph(List<String> lines, String text) {
    for (String line : Words.wrap(text, COLUMNS - INDENT.length())) {
      lines.add(INDENT + line);
    }
  }

  /** Returns one scenario in full. */
  public static String full(ScenarioReport scenario) {
    var lines = new ArrayList<String>();
    lines.add(scenario.name() + ": " + scenario.about());
    for (TrialReport trial : scenario.trials()) {
      lines.add("");
      lines.addAll(trial(trial));
    }
    for (Finding finding : scenario.findings()) {
      lines.add("");
      lines.addAll(Words.wrap(finding.title(), COLUMNS));
      for (String line : finding.lines()) {
        lines.add(INDENT + line);
      }
    }
    scenario
        .problem()
        .ifPresent(problem -> {
          lines.add("");
          lines.addAll(Words.wrap(problem, COLUMNS));
        });
    return String.join("\n", lines) + "\n";
  }

  private static List<String> trial(TrialReport trial) {
    var lines = new ArrayList<String>();
    Comparison comparison = trial.comparison();
    lines.addAll(
        Words.wrap(
            Words.format(
                "%s   %d blocks, %d %% interval",
                trial.title(), trial.blocks(), Interval.coverage(trial.blocks())),
            COLUMNS));
    lines.add(
        String.format(
            Locale.ROOT,
            "%-26s %20s %7s %6s %9s %7s",
            "",
            "median in",
            "gain",
            "cores",
            "memory",
            "start"));
    double base = comparison.sequential().interval().median();
    var all = new ArrayList<>(comparison.models());
    comparison.expert().ifPresent(all::add);
    all.addAll(comparison.steps());
    for (Measured way : all) {
      List<String> name = Words.wrap(way.name(), 26);
      lines.addAll(name.subList(0, name.size() - 1));
      lines.add(
          String.format(
              Locale.ROOT,
              "%-26s %20s %7s %6s %9s %7s",
              name.getLast(),
              way.interval().text(),
              Words.times(base / way.interval().median()),
              Double.isNaN(way.busyCores()) ? "-" : Words.format("%.2f", way.busyCores()),
              Words.memory(way.memoryBytes()),
              way.model().isEmpty() ? "-" : Interval.time(way.startSeconds())));
    }
    for (Map.Entry<ExecutionModel, String> none : trial.notApplicable().entrySet()) {
      lines.addAll(
          Words.wrap(none.getKey().label() + ": not applicable, " + none.getValue(), COLUMNS));
    }
    lines.addAll(Words.wrap("The guide picks " + trial.guidePick() + ". " + trial.why(), COLUMNS));
    lines.addAll(
        Words.wrap(
            "Python: " + trial.python().orElse("-") + "; expert: " + Words.expert(trial), COLUMNS));
    for (String remark : trial.remarks()) {
      lines.addAll(Words.wrap(remark, COLUMNS));
    }
    return lines;
  }
}
