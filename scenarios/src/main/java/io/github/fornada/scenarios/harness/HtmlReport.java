package io.github.fornada.scenarios.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The table as one HTML page that needs no other file. */
public final class HtmlReport {
  private static final String STYLE =
      """
      :root { color-scheme: light dark; --bar: #2a6fb0; --best: #2f8f4e; --rule: #8886; }
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto;
        padding: 0 1rem; }
      .scroll { overflow-x: auto; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
      th, td { text-align: left; vertical-align: top; padding: .35rem .6rem;
        border-bottom: 1px solid var(--rule); }
      td.n, th.n { text-align: right; white-space: nowrap; }
      pre { overflow-x: auto; font-size: 13px; }
      svg { display: block; }
      .bar { fill: var(--bar); } .best { fill: var(--best); }
      .problem { color: #c0392b; }
      footer { margin-top: 2rem; opacity: .8; }
      """;
  private static final int BAR = 260;

  private HtmlReport() {}

  /** Returns the page. */
  public static String of(TableReport report) {
    var page = new StringBuilder();
    page.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
        .append("<meta name=\"viewport\" content=\"width=device-width\">\n")
        .append("<title>The decision table, measured</title>\n<style>\n")
        .append(STYLE)
        .append("</style></head><body>\n<h1>The decision table, measured</h1>\n<p>")
        .append(escape(report.date()))
        .append("<br>")
        .append(escape(report.machine()))
        .append("<br>")
        .append(escape(report.java()))
        .append("<br><code>")
        .append(escape(report.command()))
        .append("</code></p>\n<div class=\"scroll\"><table><thead><tr>");
    for (String head : List.of("scenario", "the guide's pick", "best here")) {
      page.append("<th>").append(head).append("</th>");
    }
    page.append("<th class=\"n\">gain</th><th class=\"n\">memory</th>");
    for (String head : List.of("advisor chose", "why", "in Python", "expert")) {
      page.append("<th>").append(head).append("</th>");
    }
    page.append("</tr></thead><tbody>\n");
    for (ScenarioReport scenario : report.scenarios()) {
      for (TrialReport trial : scenario.trials()) {
        page.append("<tr>");
        cell(page, trial.title());
        cell(page, trial.guidePick());
        cell(page, Words.best(trial));
        number(page, Words.times(trial.comparison().gain()));
        number(page, Words.memory(trial.comparison().fastest().memoryBytes()));
        cell(page, Words.advised(trial));
        cell(page, trial.why());
        cell(page, trial.python().orElse("-"));
        cell(page, Words.expert(trial));
        page.append("</tr>\n");
      }
      scenario
          .problem()
          .ifPresent(problem ->
              page.append("<tr><td>")
                  .append(escape(scenario.name()))
                  .append("</td><td class=\"problem\" colspan=\"8\">")
                  .append(escape(problem))
                  .append("</td></tr>\n"));
    }
    page.append("</tbody></table></div>\n");
    for (ScenarioReport scenario : report.scenarios()) {
      page.append("<h2 id=\"")
          .append(escape(scenario.name()))
          .append("\">")
          .append(escape(scenario.name()))
          .append("</h2>\n");
      for (TrialReport trial : scenario.trials()) {
        page.append("<h3>").append(escape(trial.title())).append("</h3>\n");
        bars(page, trial);
      }
      page.append("<pre>").append(escape(TextReport.full(scenario))).append("</pre>\n");
    }
    page.append("<footer>Interval of the median: ")
        .append(
            report.trials().stream().mapToInt(TrialReport::blocks).min().orElse(Interval.ENOUGH)
                    < Interval.ENOUGH
                ? "90 %, less where a row has fewer than 5 blocks. "
                : "90 %. ")
        .append("Order and intervals drawn with seed ")
        .append(report.seed())
        .append(".</footer>\n</body></html>\n");
    return page.toString();
  }

  /** A bar for each way, with its interval as a line across the end. */
  private static void bars(StringBuilder page, TrialReport trial) {
    var ways = new ArrayList<>(trial.comparison().models());
    trial.comparison().expert().ifPresent(ways::add);
    ways.addAll(trial.comparison().steps());
    double longest = ways.stream().mapToDouble(way -> way.interval().high()).max().orElse(1);
    List<Measured> best = trial.comparison().best();
    page.append("<table><tbody>\n");
    for (Measured way : ways) {
      Interval interval = way.interval();
      double scale = BAR / longest;
      page.append("<tr><td>").append(escape(way.name())).append("</td><td>");
      page.append(
          String.format(
              Locale.ROOT,
              "<svg width=\"%d\" height=\"16\" role=\"img\" aria-label=\"%s\"><rect class=\"%s\""
                  + " y=\"2\" height=\"12\" width=\"%.1f\"/><line x1=\"%.1f\" x2=\"%.1f\" y1=\"8\""
                  + " y2=\"8\" stroke=\"currentColor\" stroke-width=\"3\"/></svg>",
              BAR + 4,
              escape(interval.text()),
              best.contains(way) ? "best" : "bar",
              interval.median() * scale,
              interval.low() * scale,
              Math.max(interval.high() * scale, interval.low() * scale + 1)));
      page.append("</td>");
      number(page, interval.text());
      page.append("</tr>\n");
    }
    page.append("</tbody></table>\n");
  }

  private static void cell(StringBuilder page, String text) {
    page.append("<td>").append(escape(text)).append("</td>");
  }

  private static void number(StringBuilder page, String text) {
    page.append("<td class=\"n\">").append(escape(text)).append("</td>");
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
