package io.github.fornada.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.scenarios.harness.Scenario;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MainTest {
  private record Ran(int code, String out, String err) {}

  private static Ran run(String... args) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int code =
        Main.execute(
            args,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Ran(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void listNamesEveryScenarioOnce() {
    Ran ran = run("scenarios", "--list");
    assertThat(ran.code()).isZero();
    for (Scenario scenario : Catalog.ALL) {
      assertThat(ran.out().lines()).containsOnlyOnce(scenario.name());
    }
    assertThat(ran.out().lines()).allMatch(line -> line.length() <= 80);
  }

  @Test
  void anUnknownScenarioIsAUsageErrorThatNamesTheOthers() {
    Ran ran = run("scenario", "maths");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("there is no scenario \"maths\"; there are: ").contains("math");
  }

  @Test
  void aReportThatCannotBeWrittenIsRefusedBeforeAnythingRuns() {
    assertThat(run("scenario", "math", "--report", "table.pdf").err())
        .contains("a report ends in .html, .json or .md, got table.pdf");
    Ran ran = run("scenario", "math", "--report", "/no/such/folder/table.html");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("cannot be written: its folder is not there");
  }

  @Test
  void oneScenarioNeedsItsName() {
    assertThat(run("scenario").err()).contains("say which scenario: ");
    assertThat(run("scenario", "--size", "huge", "math").code()).isEqualTo(2);
  }
}
