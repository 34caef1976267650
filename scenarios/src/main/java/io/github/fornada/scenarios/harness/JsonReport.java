package io.github.fornada.scenarios.harness;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Reports as JSON, with every single time that was measured. */
public final class JsonReport {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private JsonReport() {}

  /** Returns the report. */
  public static String of(TableReport report) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("command", report.command());
    root.put("date", report.date());
    root.put("machine", report.machine());
    root.put("java", report.java());
    root.put("size", report.size().label());
    root.put("seed", report.seed());
    root.put("seconds", report.seconds());
    ArrayNode scenarios = root.putArray("scenarios");
    for (ScenarioReport scenario : report.scenarios()) {
      ObjectNode node = scenarios.addObject();
      node.put("name", scenario.name());
      node.put("about", scenario.about());
      node.put("seconds", scenario.seconds());
      scenario.problem().ifPresent(problem -> node.put("problem", problem));
      ArrayNode trials = node.putArray("trials");
      scenario.trials().forEach(trial -> add(trials.addObject(), trial));
      ArrayNode findings = node.putArray("findings");
      for (Finding finding : scenario.findings()) {
        ObjectNode one = findings.addObject();
        one.put("title", finding.title());
        strings(one.putArray("lines"), finding.lines());
      }
    }
    try {
      return MAPPER.writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of strings and numbers is not written", e);
    }
  }

  private static void add(ObjectNode node, TrialReport trial) {
    Comparison comparison = trial.comparison();
    node.put("name", trial.name());
    node.put("guide", trial.guidePick());
    ArrayNode best = node.putArray("best");
    comparison.best().forEach(way -> best.add(way.name()));
    node.put("tie", comparison.best().size() > 1);
    node.put("gain", comparison.gain());
    trial
        .advised()
        .ifPresent(advised -> {
          node.put("advised", advised);
          node.put("wellAdvised", trial.isWellAdvised());
        });
    node.put("why", trial.why());
    trial.python().ifPresent(python -> node.put("python", python));
    node.put("blocks", trial.blocks());
    node.put("coverage", Interval.coverage(trial.blocks()) / 100.0);
    ArrayNode models = node.putArray("models");
    comparison.models().forEach(way -> add(models.addObject(), way));
    ObjectNode none = node.putObject("notApplicable");
    trial.notApplicable().forEach((model, reason) -> none.put(model.label(), reason));
    comparison
        .expert()
        .ifPresent(way -> {
          add(node.putObject("expert"), way);
          node.put("expertRatio", comparison.expertRatio());
        });
    ArrayNode steps = node.putArray("steps");
    comparison.steps().forEach(way -> add(steps.addObject(), way));
    strings(node.putArray("remarks"), trial.remarks());
  }

  private static void add(ObjectNode node, Measured way) {
    node.put("name", way.name());
    node.put("median", way.interval().median());
    node.put("low", way.interval().low());
    node.put("high", way.interval().high());
    ArrayNode seconds = node.putArray("seconds");
    way.seconds().forEach(s -> seconds.add(s));
    node.put("start", way.startSeconds());
    node.put("memory", way.memoryBytes());
    node.put("busyCores", way.busyCores());
  }

  private static void strings(ArrayNode array, List<String> values) {
    values.forEach(value -> array.add(value));
  }
}
