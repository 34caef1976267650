package io.github.fornada.timeline;

import java.util.List;

/** The texts and the data of one run in a report. */
final class RunText {
  private RunText() {}

  /**
   * Returns a line with the number of tasks, the wall time, the mean in flight, and the workers.
   */
  static String facts(Track track) {
    TimelineSummary s = track.summary;
    return Figures.count(s.tasks(), "task", "tasks")
        + " in "
        + Figures.duration(s.wallNanos())
        + " \u00b7 "
        + Figures.number(s.inFlight())
        + " in flight \u00b7 "
        + Figures.count(s.workers(), "worker", "workers");
  }

  /** Returns a badge for each kind of outcome other than done; empty if all tasks were done. */
  static String outcomes(TimelineSummary s) {
    return mark(Kind.FAILED, s.failed())
        + mark(Kind.TIMED_OUT, s.timedOut())
        + mark(Kind.LOST, s.lost())
        + mark(Kind.CANCELLED, s.cancelled());
  }

  private static String mark(Kind kind, long count) {
    return count == 0
        ? ""
        : "<span class=\"mark "
            + cssClass(kind)
            + "\">"
            + Figures.count(count)
            + " "
            + kind.words
            + "</span>";
  }

  static String cssClass(Kind kind) {
    return "kind-" + kind.number;
  }

  static String durations(TimelineSummary s) {
    return "p50 "
        + Figures.duration(s.p50Nanos())
        + " \u00b7 p95 "
        + Figures.duration(s.p95Nanos())
        + " \u00b7 p99 "
        + Figures.duration(s.p99Nanos())
        + " \u00b7 longest "
        + Figures.duration(s.maxNanos());
  }

  /** Returns a note on what the drawing leaves out; empty if nothing. */
  static String note(Track track) {
    return track.size() < Recording.MAX_BARS
        ? ""
        : "Only the first "
            + Figures.count(Recording.MAX_BARS)
            + " are drawn; the figures count all.";
  }

  /** Returns what the script needs in addition to the bars, as JSON. */
  static String meta(Track track) {
    var out = new StringBuilder("{\"wall\":").append(track.summary.wallNanos());
    out.append(",\"bars\":").append(track.size()).append(",\"lanes\":[");
    String separator = "";
    for (String lane : track.lanes) {
      out.append(separator).append(Escapes.json(Escapes.line(lane)));
      separator = ",";
    }
    out.append("],\"starts\":[");
    List<String> starts =
        track.starts.stream()
            .map(s -> "[" + s.lane() + "," + s.from() + "," + s.to() + "," + s.pid() + "]")
            .toList();
    out.append(String.join(",", starts)).append("],\"deaths\":[");
    List<String> deaths =
        track.deaths.stream()
            .map(d ->
                "[" + d.lane() + "," + d.at() + "," + Escapes.json(Escapes.line(d.manner())) + "]")
            .toList();
    return out.append(String.join(",", deaths)).append("]}").toString();
  }
}
