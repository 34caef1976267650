package io.github.fornada.scenarios.harness;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.fornada.ExecutionModel;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReportsTest {
  private static Measured way(ExecutionModel model, double low, double median, double high) {
    return new Measured(
        model.label(),
        model == ExecutionModel.SEQUENTIAL ? Optional.empty() : Optional.of(model),
        0.01,
        List.of(low, median, high),
        new Interval(low, median, high, 3),
        200L << 20,
        1.5);
  }

  private static TableReport report(Measured... models) {
    var trial =
        new TrialReport(
            "a-scenario-with-a-name",
            "and a trial with a rather long name",
            "threads, asyncio or whatever else there is",
            new Comparison(List.of(models), Optional.empty(), List.of()),
            Map.of(ExecutionModel.PROCESSES, "there is <nothing> to send & much to lose"),
            "Because of a reason that takes more than one line of eighty columns to say, as they"
                + " do.",
            Optional.of("multiprocessing 1.9x"),
            Optional.empty(),
            List.of("A remark."),
            3);
    return new TableReport(
        "./fornada scenarios",
        "2026-01-01T00:00:00Z",
        "a machine",
        "a JVM",
        Size.SMALL,
        17,
        1.5,
        List.of(
            new ScenarioReport(
                "a-scenario-with-a-name",
                "does something",
                List.of(trial),
                List.of(Finding.of("Something else", "1 ms")),
                1,
                Optional.empty()),
            new ScenarioReport(
                "broken",
                "fails",
                List.of(),
                List.of(),
                1,
                Optional.of("not run: no server\nat port 7"))));
  }

  private static final TableReport DECIDED =
      report(
          way(ExecutionModel.SEQUENTIAL, 1.9, 2, 2.1),
          way(ExecutionModel.PLATFORM_THREADS, 0.9, 1, 1.1));
  private static final TableReport TIED =
      report(
          way(ExecutionModel.SEQUENTIAL, 1.9, 2, 2.1),
          way(ExecutionModel.VIRTUAL_THREADS, 1.0, 1.2, 1.4),
          way(ExecutionModel.PLATFORM_THREADS, 0.9, 1, 1.1));

  @Test
  void theBestIsTheLowestWhoseIntervalOverlapsNoOther() {
    assertThat(Words.best(DECIDED.trials().getFirst())).isEqualTo("threads 0.90-1.10 s");
    assertThat(Words.best(TIED.trials().getFirst())).isEqualTo("tie: threads, virtual 0.90-1.10 s");
    assertThat(TIED.trials().getFirst().comparison().gain()).isEqualTo(2);
  }

  @Test
  void theTableKeepsToEightyColumns() {
    for (TableReport report : List.of(DECIDED, TIED)) {
      assertThat(TextReport.table(report).lines()).allMatch(line -> line.length() <= 80);
      assertThat(TextReport.full(report.scenarios().getFirst()).lines())
          .allMatch(line -> line.length() <= 80);
    }
  }

  @Test
  void fewBlocksAreAdmitted() {
    assertThat(TextReport.table(DECIDED).replace("\n", " "))
        .contains("Some rows have 3 blocks: theirs is a 75 % interval at most.");
    assertThat(MarkdownReport.of(DECIDED)).contains("(3 blocks: 75 %)");
  }

  @Test
  void aScenarioThatDidNotRunIsInEveryReport() {
    assertThat(TextReport.table(DECIDED)).contains("not run: no server");
    assertThat(MarkdownReport.of(DECIDED)).contains("not run: no server");
    assertThat(HtmlReport.of(DECIDED)).contains("not run: no server");
    assertThat(JsonReport.of(DECIDED)).contains("not run: no server");
  }

  @Test
  void aProblemOfSeveralLinesIsOneRowOfTheTable() {
    assertThat(MarkdownReport.of(DECIDED).lines())
        .contains("| broken | | not run: no server at port 7 | | | | | | |");
    assertThat(TextReport.table(DECIDED).lines()).contains("    not run: no server at port 7");
  }

  @Test
  void figuresHaveTheSameDigitsInEveryLocale() {
    Locale before = Locale.getDefault(Locale.Category.FORMAT);
    String table = TextReport.table(DECIDED);
    String page = MarkdownReport.of(DECIDED);
    Locale.setDefault(Locale.Category.FORMAT, Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertThat(TextReport.table(DECIDED)).isEqualTo(table);
      assertThat(MarkdownReport.of(DECIDED)).isEqualTo(page);
    } finally {
      Locale.setDefault(Locale.Category.FORMAT, before);
    }
  }

  @Test
  void jsonHasEverySingleTime() throws Exception {
    JsonNode root = new ObjectMapper().readTree(JsonReport.of(TIED));
    JsonNode trial = root.path("scenarios").path(0).path("trials").path(0);
    assertThat(trial.path("tie").asBoolean()).isTrue();
    assertThat(trial.path("models").path(2).path("seconds")).hasSize(3);
    assertThat(root.path("seed").asLong()).isEqualTo(17);
  }

  @Test
  void htmlEscapesWhatItIsGiven() {
    assertThat(HtmlReport.of(DECIDED)).contains("&lt;nothing&gt; to send &amp; much to lose");
  }
}
