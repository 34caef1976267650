package io.github.fornada.pipeline;

import io.github.fornada.jvm.Paragraph;
import java.util.List;
import java.util.Locale;

/** A summary as people read it: within 80 columns, whatever the names and figures are. */
final class SummaryText {
  private static final int COLUMNS = 80;
  private static final int NAME = 14;

  /** So many changes of sizes are told, the last ones. */
  private static final int CHANGES = 4;

  private SummaryText() {}

  static String of(PipelineSummary summary) {
    var text = new StringBuilder();
    line(text, "", "", "", "", "", "waits for", "", "deepest", "");
    line(text, "stage", "model", "size", "items/s", "busy", "input", "room", "queue", "");
    StageSummary slow = summary.bottleneck();
    for (StageSummary stage : summary.stages()) {
      line(
          text,
          shortened(stage.name()),
          stage.model(),
          Integer.toString(stage.size()),
          Diagnosis.number(stage.rate()),
          Diagnosis.percent(stage.busy()),
          Diagnosis.percent(stage.waitsForInput()),
          Diagnosis.percent(stage.waitsForRoom()),
          stage.deepestQueue() + "/" + stage.queueLimit(),
          slow != null && slow.name().equals(stage.name()) ? " <" : "");
    }
    List<String> changes = summary.changes();
    for (String change : changes.subList(Math.max(0, changes.size() - CHANGES), changes.size())) {
      Paragraph.append(text, "after " + change, COLUMNS, System.lineSeparator());
    }
    long failed = 0;
    long cancelled = 0;
    for (StageSummary stage : summary.stages()) {
      failed += stage.failed();
      cancelled += stage.cancelled();
      if (stage.restarts() > 0) {
        Paragraph.append(text, restarts(stage), COLUMNS, System.lineSeparator());
      }
    }
    String counts =
        Diagnosis.number((double) summary.sourceItems())
            + (summary.sourceItems() == 1 ? " item" : " items")
            + " of the source in "
            + Diagnosis.time((double) summary.elapsed().toNanos())
            + (summary.stoppedEarly() ? ", then it was stopped: " : ": ")
            + Diagnosis.number((double) (summary.outcomes() - failed))
            + (summary.outcomes() - failed == 1 ? " result, " : " results, ")
            + Diagnosis.number((double) failed)
            + " without one"
            + (cancelled == 0
                ? ""
                : cancelled == failed
                    ? (failed == 1 ? ", which was cancelled" : ", all of them cancelled")
                    : ", " + Diagnosis.number((double) cancelled) + " of them cancelled")
            + ". ";
    Paragraph.append(text, counts + summary.advice(), COLUMNS, System.lineSeparator());
    return text.toString();
  }

  private static String restarts(StageSummary stage) {
    return "\""
        + shortened(stage.name())
        + "\" starts workers anew "
        + Diagnosis.percent(stage.restarting())
        + " of the time: "
        + Diagnosis.number((double) stage.restarts())
        + (stage.restarts() == 1 ? " restart." : " restarts.");
  }

  private static void line(StringBuilder text, Object... columns) {
    text.append(
            String.format(Locale.ROOT, "%-14s %-10s %4s %9s %6s %7s %7s %12s%s", columns)
                .stripTrailing())
        .append(System.lineSeparator());
  }

  private static String shortened(String name) {
    return name.length() <= NAME ? name : name.substring(0, NAME - 3) + "...";
  }
}
