package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.Prediction;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Advice as JSON. */
final class AdviceText {
  private AdviceText() {}

  /**
   * Returns an advice under the stable names of the JSON form.
   *
   * @param finding what was found out; null if the work was over before it was looked at
   * @param sentences its words
   * @param head the items that were measured; null if that is not known
   */
  static Map<String, Object> map(
      String task, @Nullable Finding finding, List<String> sentences, Inputs.@Nullable Head head) {
    var map = new LinkedHashMap<String, Object>();
    map.put("task", task);
    if (head != null) {
      map.put("items", head.items().size());
      if (head.given() != Inputs.Head.UNKNOWN) {
        map.put("itemsGiven", head.given());
      }
      map.put("itemsCut", head.isCut());
    }
    if (finding == null) {
      map.put("model", ExecutionModel.SEQUENTIAL.label());
      map.put("size", 1);
      map.put("sentences", sentences);
      return map;
    }
    map.put("model", finding.advised().model().label());
    map.put("size", finding.advised().size());
    map.put("cause", finding.cause().name());
    map.put("sentences", sentences);
    map.put("confidence", finding.confidence());
    map.put("wouldChange", finding.wouldChange());
    map.put("predictions", finding.predictions().stream().map(AdviceText::map).toList());
    map.put("walls", walls(finding.walls()));
    map.put("measured", finding.dots().stream().map(AdviceText::map).toList());
    map.put("failed", finding.failed());
    map.put("refused", finding.refused());
    map.put("workersForNothing", finding.workersForNothing());
    map.put("changes", finding.changes());
    return map;
  }

  private static Map<String, Object> walls(Finding.Walls walls) {
    var map = new LinkedHashMap<String, Object>();
    put(map, "cpuSeconds", walls.cpuSeconds());
    put(map, "waitSeconds", walls.waitSeconds());
    put(map, "lockSeconds", walls.lockSeconds());
    put(map, "cores", walls.cores());
    put(map, "otherSidePerSecond", walls.capacity());
    return map;
  }

  private static Map<String, Object> map(Finding.Dot dot) {
    var map = new LinkedHashMap<String, Object>();
    map.put("model", dot.setting().model().label());
    map.put("size", dot.setting().size());
    put(map, "itemsPerSecond", dot.rate());
    put(map, "responseSeconds", dot.responseSeconds());
    map.put("items", dot.items());
    return map;
  }

  private static Map<String, Object> map(Prediction each) {
    var map = new LinkedHashMap<String, Object>();
    map.put("model", each.setting().model().label());
    map.put("size", each.setting().size());
    if (each.ruledOut() != null) {
      map.put(each.isNotKnown() ? "notKnown" : "ruledOut", each.ruledOut());
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
