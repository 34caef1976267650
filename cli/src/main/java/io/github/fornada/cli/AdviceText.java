package io.github.fornada.cli;

import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.Prediction;
import io.github.fornada.advice.decide.Setting;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Advice as it is printed: words first, figures after. */
final class AdviceText {
  private static final int COLUMNS = 80;

  private AdviceText() {}

  /** Returns the lines of an advice. */
  static List<String> lines(Finding finding) {
    var lines = new ArrayList<String>();
    lines.add(Words.wrapped(String.join(" ", finding.sentences()), COLUMNS));
    if (!finding.wouldChange().isBlank()) {
      lines.add("");
      lines.add(Words.wrapped(finding.wouldChange(), COLUMNS));
    }
    if (!finding.predictions().isEmpty()) {
      lines.add("");
      lines.add(
          "%-12s %9s %12s %17s %11s".formatted("model", "in flight", "rest", "90 %", "memory"));
      for (Prediction each : finding.predictions()) {
        lines.add(row(each, finding.advised()));
      }
      lines.add("");
      lines.add(
          "sure: %.0f %%; failed: %d; refused: %d; workers started for nothing: %d"
              .formatted(
                  100 * finding.confidence(),
                  finding.failed(),
                  finding.refused(),
                  finding.workersForNothing()));
    }
    return lines;
  }

  private static String row(Prediction each, Setting advised) {
    Setting setting = each.setting();
    String mark = setting.model() == advised.model() ? " <-" : "";
    if (each.ruledOut() != null) {
      return "%-12s %9s  %s".formatted(setting.model().label(), "-", each.ruledOut()).strip();
    }
    return "%-12s %9d %12s %17s %11s%s"
        .formatted(
            setting.model().label(),
            setting.size(),
            seconds(each.seconds()),
            seconds(each.secondsLow()) + " to " + seconds(each.secondsHigh()),
            each.memoryBytes() <= 0 ? "-" : Words.bytes(each.memoryBytes()),
            mark);
  }

  private static String seconds(double seconds) {
    return Double.isFinite(seconds) ? Words.seconds(seconds) : "?";
  }

  /** Returns the same under the stable names of the JSON form. */
  static Map<String, Object> map(String task, Finding finding) {
    var map = new LinkedHashMap<String, Object>();
    map.put("task", task);
    map.put("model", finding.advised().model().label());
    map.put("size", finding.advised().size());
    map.put("cause", finding.cause().name());
    map.put("sentences", finding.sentences());
    map.put("confidence", finding.confidence());
    map.put("wouldChange", finding.wouldChange());
    map.put("predictions", finding.predictions().stream().map(AdviceText::map).toList());
    map.put("failed", finding.failed());
    map.put("refused", finding.refused());
    map.put("workersForNothing", finding.workersForNothing());
    map.put("changes", finding.changes());
    return map;
  }

  private static Map<String, Object> map(Prediction each) {
    var map = new LinkedHashMap<String, Object>();
    map.put("model", each.setting().model().label());
    map.put("size", each.setting().size());
    if (each.ruledOut() != null) {
      map.put("ruledOut", each.ruledOut());
      return map;
    }
    put(map, "itemsPerSecond", each.rate());
    put(map, "seconds", each.seconds());
    put(map, "secondsLow", each.secondsLow());
    put(map, "secondsHigh", each.secondsHigh());
    map.put("memoryBytes", each.memoryBytes());
    return map;
  }

  private static void put(Map<String, Object> map, String name, double value) {
    if (Double.isFinite(value)) {
      map.put(name, value);
    }
  }
}
