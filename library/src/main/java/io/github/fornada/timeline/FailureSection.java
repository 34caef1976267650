package io.github.fornada.timeline;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The section with the failures of all runs; each can be opened to show its stack. An item that
 * failed in the same way in several runs stands there once.
 */
final class FailureSection {
  /** What makes failures of several runs one. */
  private record Key(long index, String label, Kind kind, String headline) {}

  /** A failure, and the run that had it. */
  private record Seen(Track track, Failure failure) {}

  private FailureSection() {}

  /** Returns the section as HTML; empty if nothing failed. */
  static String of(List<Track> tracks) {
    var groups = new LinkedHashMap<Key, List<Seen>>();
    for (Track track : tracks) {
      for (Failure each : track.failures) {
        groups
            .computeIfAbsent(
                new Key(each.index(), each.label(), each.kind(), each.headline()),
                key -> new ArrayList<>())
            .add(new Seen(track, each));
      }
    }
    List<Key> sorted =
        groups.keySet().stream().sorted(Comparator.comparingLong(Key::index)).toList();
    var out = new StringBuilder();
    for (Key key : sorted) {
      out.append(failure(groups.getOrDefault(key, List.of()), tracks.size()));
    }
    for (Track track : tracks) {
      out.append(more(track, tracks.size()));
    }
    return out.isEmpty()
        ? ""
        : Template.of("failures.html").fill(Map.of("failures", out.toString()));
  }

  private static String failure(List<Seen> all, int runs) {
    Failure first = all.getFirst().failure();
    String who =
        runs == 1
            ? ""
            : all.size() == runs
                ? "in every run"
                : "in "
                    + all.stream()
                        .map(seen -> seen.track().title)
                        .collect(Collectors.joining(", "));
    String where =
        all.stream()
            .map(seen ->
                "<span>"
                    + Escapes.html(
                        (runs == 1 ? "" : Escapes.line(seen.track().title) + ": ")
                            + where(seen.failure()))
                    + "</span>")
            .collect(Collectors.joining(" "));
    return Template.of("failure.html")
        .fill(
            Map.of(
                "kind", first.kind().words,
                "class", RunText.cssClass(first.kind()),
                "index", String.valueOf(first.index()),
                "label", Escapes.html(Escapes.line(first.label())),
                "who", Escapes.html(Escapes.line(who)),
                "headline", Escapes.html(Escapes.line(first.headline())),
                "where", where,
                "details", Escapes.html(first.details())));
  }

  /** Returns a line for the failures of a run that were not kept; empty if there are none. */
  private static String more(Track track, int runs) {
    TimelineSummary s = track.summary;
    long more = s.failed() + s.timedOut() + s.lost() - track.failures.size();
    return more <= 0
        ? ""
        : "<p class=\"more\">and "
            + Figures.count(more, "more that is counted only", "more that are counted only")
            + (runs == 1 ? "" : ", in " + Escapes.html(Escapes.line(track.title)))
            + "</p>\n";
  }

  private static String where(Failure failure) {
    String after =
        failure.worker().isEmpty()
            ? "never started"
            : failure.worker() + ", after " + Figures.duration(failure.duration());
    return after + ", at " + Figures.duration(Math.max(0, failure.start())) + " of the run";
  }
}
