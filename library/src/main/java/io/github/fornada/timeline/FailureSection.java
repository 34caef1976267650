package io.github.fornada.timeline;

import java.util.List;
import java.util.Map;

/** The section with the failures of all runs; each can be opened to show its stack. */
final class FailureSection {
  private FailureSection() {}

  /** Returns the section as HTML; empty if nothing failed. */
  static String of(List<Track> tracks) {
    var out = new StringBuilder();
    for (Track track : tracks) {
      out.append(of(track));
    }
    return out.isEmpty()
        ? ""
        : Template.of("failures.html").fill(Map.of("failures", out.toString()));
  }

  private static String of(Track track) {
    TimelineSummary s = track.summary;
    long all = s.failed() + s.timedOut() + s.lost();
    if (all == 0) {
      return "";
    }
    Template template = Template.of("failure.html");
    var out = new StringBuilder("<h3>").append(Escapes.html(track.title)).append("</h3>\n");
    for (Failure failure : track.failures) {
      out.append(
          template.fill(
              Map.of(
                  "kind", failure.kind().words,
                  "class", RunText.cssClass(failure.kind()),
                  "index", String.valueOf(failure.index()),
                  "label", Escapes.html(Escapes.line(failure.label())),
                  "headline", Escapes.html(Escapes.line(failure.headline())),
                  "where", Escapes.html(where(failure)),
                  "details", Escapes.html(failure.details()))));
    }
    long more = all - track.failures.size();
    if (more > 0) {
      out.append("<p class=\"more\">and ")
          .append(Figures.count(more, "more that is counted only", "more that are counted only"))
          .append("</p>\n");
    }
    return out.toString();
  }

  private static String where(Failure failure) {
    String after =
        failure.worker().isEmpty()
            ? "never started"
            : failure.worker() + ", after " + Figures.duration(failure.duration());
    return after + ", at " + Figures.duration(Math.max(0, failure.start())) + " of the run";
  }
}
