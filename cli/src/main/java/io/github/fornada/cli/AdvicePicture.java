package io.github.fornada.cli;

import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.Prediction;
import io.github.fornada.advice.decide.Setting;
import io.github.fornada.timeline.HtmlReport;
import io.github.fornada.timeline.Timeline;
import io.github.fornada.timeline.WallsPicture;
import java.util.LinkedHashMap;
import java.util.List;

/** What an advice adds to a page. */
final class AdvicePicture {
  private AdvicePicture() {}

  /** Adds the section about what limits a run that has chosen; nothing while no item has ended. */
  static HtmlReport add(HtmlReport page, Finding finding) {
    return add(page, finding, finding.setting());
  }

  private static HtmlReport add(HtmlReport page, Finding finding, Setting chosen) {
    Finding.Walls walls = finding.walls();
    if (!(walls.cpuSeconds() + walls.waitSeconds() > 0)) {
      return page;
    }
    WallsPicture picture =
        WallsPicture.of(
            walls.cpuSeconds(),
            walls.waitSeconds(),
            walls.lockSeconds(),
            walls.cores(),
            walls.capacity());
    for (Finding.Dot dot : finding.dots()) {
      picture =
          picture.withDot(
              dot.setting().words(),
              dot.setting().size(),
              dot.rate(),
              dot.items(),
              dot.setting().equals(chosen));
    }
    for (String change : finding.changes()) {
      picture = picture.withStep(change);
    }
    return page.withWalls(picture);
  }

  /** Returns the page of an advice: its words, its figures, and what ran while it was measured. */
  static HtmlReport page(String task, Finding finding, Timeline timeline) {
    var row = new LinkedHashMap<String, String>();
    row.put("model", "measured here");
    for (Prediction each : finding.predictions()) {
      row.put(
          "rest under " + each.setting().model().label(),
          each.ruledOut() == null
              ? Words.seconds(each.seconds())
              : each.isNotKnown() ? "not known" : "not possible");
    }
    List<String> words =
        finding.wouldChange().isBlank()
            ? finding.sentences()
            : List.of(String.join(" ", finding.sentences()), finding.wouldChange());
    // An advice is what the text says, whatever the measuring has ended with.
    return add(new HtmlReport(task).withText(words), finding, finding.advised()).add(timeline, row);
  }
}
