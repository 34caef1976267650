package io.github.fornada.scenarios.harness;

import java.util.Locale;

/** The table as Markdown: docs/decision-table.md. */
public final class MarkdownReport {
  private MarkdownReport() {}

  /** Returns the page. */
  public static String of(TableReport report) {
    var page = new StringBuilder();
    page.append("# The decision table, measured\n\n");
    page.append("<!-- Written by the command below; do not edit. -->\n\n");
    page.append("What a guide to Python picks for each kind of program, and what is best on the")
        .append(" JVM.\nEvery figure on this page was measured by\n\n```\n")
        .append(report.command())
        .append("\n```\n\n");
    page.append("| | |\n| --- | --- |\n");
    line(page, "date", report.date());
    line(page, "machine", report.machine());
    line(page, "Java", report.java());
    line(page, "size, seed", report.size().label() + ", " + report.seed());
    line(page, "time", String.format(Locale.ROOT, "%.0f s in all", report.seconds()));
    page.append("\n*Best here* has the 90 % interval of its median, from runs in blocks of random")
        .append(" order; *tie* means that\nthe intervals overlap. *Gain* is over the plain loop.")
        .append(" *Memory* is the peak resident in this JVM and its\nworkers. *Expert* is the time")
        .append(" of the fastest pool by that of a version written by hand.\n\n");
    page.append(
        "| scenario | the guide's pick | best here | gain | memory | advisor chose | why |"
            + " in Python | expert |\n");
    page.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (ScenarioReport scenario : report.scenarios()) {
      for (TrialReport trial : scenario.trials()) {
        page.append("| ")
            .append(
                String.join(
                    " | ",
                    trial.title(),
                    cell(trial.guidePick()),
                    cell(best(trial)),
                    Words.times(trial.comparison().gain()),
                    Words.memory(trial.comparison().fastest().memoryBytes()),
                    Words.advised(trial),
                    cell(trial.why()),
                    cell(trial.python().orElse("-")),
                    cell(Words.expert(trial))))
            .append(" |\n");
      }
      scenario
          .problem()
          .ifPresent(problem ->
              page.append("| ")
                  .append(scenario.name())
                  .append(" | | ")
                  .append(cell(problem))
                  .append(" | | | | | | |\n"));
    }
    page.append("\n## Each scenario in full\n");
    for (ScenarioReport scenario : report.scenarios()) {
      page.append("\n### ")
          .append(scenario.name())
          .append("\n\n```\n")
          .append(TextReport.full(scenario))
          .append("```\n");
    }
    return page.toString();
  }

  private static String best(TrialReport trial) {
    String note =
        trial.blocks() < Interval.ENOUGH
            ? Words.format(" (%d blocks: %d %%)", trial.blocks(), Interval.coverage(trial.blocks()))
            : "";
    return Words.best(trial) + note;
  }

  private static void line(StringBuilder page, String name, String value) {
    page.append("| ").append(name).append(" | ").append(cell(value)).append(" |\n");
  }

  /** Returns a text as a cell, which is one line whatever an exception has to say. */
  private static String cell(String text) {
    return text.strip().replaceAll("\\R", " ").replace("|", "\\|");
  }
}
