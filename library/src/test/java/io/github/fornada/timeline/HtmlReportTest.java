package io.github.fornada.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskUsage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.InflaterInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlReportTest {
  private static final String HOSTILE = SampleReports.HOSTILE;

  private static Timeline hostile() {
    var timeline = new Timeline(HOSTILE);
    timeline.begin();
    long zero = timeline.recording().baseNanos;
    var usage = TaskUsage.of(HOSTILE, zero + 10, zero + 3_000_000_010L, 1_500_000_000, 0);
    var outcome = new Outcome.Failed<>(new IllegalStateException(HOSTILE));
    timeline.onEvent(
        TaskEvent.Finished.of(7, 7, HOSTILE, 1, true, outcome, usage, usage.endedNanos()));
    return timeline;
  }

  private static String page(HtmlReport report) throws IOException {
    var out = new StringBuilder();
    report.writeTo(out);
    return out.toString();
  }

  private static String hostilePage() throws IOException {
    return page(
        new HtmlReport(HOSTILE)
            .add(hostile(), Map.of(HOSTILE, HOSTILE))
            .withText(List.of(HOSTILE, "Second sentence.")));
  }

  private static String element(String page, String start, String end) {
    int from = page.indexOf(start);
    assertThat(from).as(start).isPositive();
    from += start.length();
    return page.substring(from, page.indexOf(end, from));
  }

  @Test
  void userTextIsEscapedWhereverItStands() throws IOException {
    String page = hostilePage();
    assertThat(page)
        .doesNotContain("<img")
        .doesNotContain("<script>window")
        .doesNotContain("\u2028")
        .doesNotContain("\u202e")
        .doesNotContain("\u0000");
    // One that runs, and three of data for the run.
    assertThat(Pattern.compile("<script").matcher(page).results().count()).isEqualTo(4);
    assertThat(Pattern.compile("</script").matcher(page).results().count()).isEqualTo(4);
    assertThat(page).contains("&lt;img src=x onerror=window.hacked=1&gt;").contains("\\u202e");
  }

  @Test
  void wallsAreDrawnWithTheirWordsAndNamesAreEscaped() throws IOException {
    WallsPicture picture =
        WallsPicture.of(0.001, 0.009, 0, 2, Double.POSITIVE_INFINITY)
            .withDot(HOSTILE, 8, 750, 100, true)
            .withDot("one after the other", 1, Double.NaN, 1, false)
            .withStep(HOSTILE);
    String page = page(new HtmlReport("walls").add(hostile(), Map.of()).withWalls(picture));
    String section = element(page, "class=\"walls\">", "</section>");
    assertThat(section)
        .doesNotContain("<img")
        .doesNotContain("NaN")
        .doesNotContain("Infinity")
        .contains("each more adds 100 a second")
        .contains("2 of them give 2,000 a second")
        .doesNotContain("the lock:")
        .doesNotContain("the other side:");
    assertThat(Pattern.compile("<circle").matcher(section).results().count()).isEqualTo(1);
    assertThat(page(new HtmlReport("none").add(hostile(), Map.of())))
        .doesNotContain("class=\"walls\">");
  }

  @Test
  void wallsOfEveryOrderOfMagnitudeAreDrawnWithinThePicture() throws IOException {
    for (double unit : new double[] {1e-9, 1e-6, 1e-3, 1, 3600}) {
      for (double waits : new double[] {0, 1, 1000}) {
        WallsPicture picture =
            WallsPicture.of(unit, waits * unit, unit / 2, 1.5, 3 / unit)
                .withDot("many", 1000, 2 / unit, 5, true)
                .withDot("slow", 1, 1e-9, 5, false);
        String page = page(new HtmlReport("walls").withWalls(picture));
        String chart = element(page, "viewBox=\"0 0 560 360\"", "</svg>");
        assertThat(chart).doesNotContain("NaN").doesNotContain("Infinity");
        Matcher y = Pattern.compile(" (?:y1|y2|cy)=\"(-?[0-9.]+)\"").matcher(chart);
        while (y.find()) {
          assertThat(Double.parseDouble(y.group(1))).isBetween(0.0, 360.0);
        }
      }
    }
  }

  @Test
  void policyAllowsTheScriptAndTheStyleAndNothingElse() throws Exception {
    String page = hostilePage();
    String policy = element(page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    assertThat(policy)
        .startsWith("default-src 'none'")
        .contains("style-src '" + hash(element(page, "<style>", "</style>")) + "'")
        .contains("script-src '" + hash(element(page, "<script>", "</script>")) + "'")
        .doesNotContain("unsafe");
    assertThat(page).doesNotContain("style=\"").doesNotContain("onclick");
  }

  private static String hash(String text) throws Exception {
    byte[] sum = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    return "sha256-" + Base64.getEncoder().encodeToString(sum);
  }

  @Test
  void pageLoadsNothingFromAnywhere() throws IOException {
    String page = hostilePage().replace("http://www.w3.org/2000/svg", "");
    assertThat(page).doesNotContain("http://").doesNotContain("https://").doesNotContain("@import");
  }

  @Test
  void dataOfARunIsReadableAgain() throws IOException {
    String page = hostilePage();
    var meta = (Map<?, ?>) Json.parse(element(page, "class=\"meta\">", "</script>"));
    assertThat(meta.get("bars")).isEqualTo(1.0);
    assertThat((List<?>) meta.get("lanes")).hasSize(1);
    byte[] bars = inflated(element(page, "class=\"bars\">", "</script>"));
    // one bar; start 10 and index 7 with their sign in the lowest bit; failed; half the time on cpu
    assertThat(bars)
        .containsExactly(1, 20, 0x80, 0xbc, 0xc1, 0x96, 0x0b, Kind.FAILED.number, 50, 14);
    String labels =
        new String(
            inflated(element(page, "class=\"labels\">", "</script>")), StandardCharsets.UTF_8);
    assertThat(labels.lines()).hasSize(1);
  }

  private static byte[] inflated(String text) throws IOException {
    byte[] packed = Base64.getDecoder().decode(text);
    try (var in = new InflaterInputStream(new ByteArrayInputStream(packed))) {
      return in.readAllBytes();
    }
  }

  @Test
  void tableHasEveryColumnInTheOrderOfItsFirstNaming() throws IOException {
    var figures = new java.util.LinkedHashMap<String, String>();
    figures.put("Model", "one row");
    figures.put("wall", "1 s");
    String page =
        page(
            new HtmlReport("t")
                .add(new Timeline("a"), figures)
                .add(new Timeline("b"), Map.of("cores", "2")));
    Matcher heads = Pattern.compile("scope=\"col\">([^<]*)<").matcher(page);
    assertThat(heads.results().map(m -> m.group(1))).containsExactly("model", "wall", "cores");
    Matcher rows = Pattern.compile("href=\"#run-[0-9]+\">([^<]*)<").matcher(page);
    assertThat(rows.results().map(m -> m.group(1))).containsExactly("one row", "b");
  }

  @Test
  void failuresCanBeOpenedForTheirStack() throws IOException {
    String failure = element(hostilePage(), "<details class=\"failure\">", "</details>");
    assertThat(failure)
        .contains("item 7")
        .contains("java.lang.IllegalStateException")
        .contains("at io.github.fornada.timeline.HtmlReportTest.hostile")
        .contains("after 3.00 s");
  }

  private static Timeline failing(String title, String... messages) {
    var timeline = new Timeline(title);
    timeline.begin();
    long zero = timeline.recording().baseNanos;
    for (int i = 0; i < messages.length; i++) {
      var usage = TaskUsage.of("worker-1", zero + 10, zero + 1_000_010L, 0, 0);
      var outcome = new Outcome.Failed<>(new IllegalStateException(messages[i]));
      timeline.onEvent(
          TaskEvent.Finished.of(i, i, "item " + i, 1, true, outcome, usage, usage.endedNanos()));
    }
    return timeline;
  }

  @Test
  void anItemThatFailsAlikeInSeveralRunsIsShownOnce() throws IOException {
    String page =
        page(
            new HtmlReport("t")
                .add(failing("one", "same", "only here"), Map.of())
                .add(failing("two", "same", "and there"), Map.of())
                .add(failing("three", "same", "only here"), Map.of()));
    Matcher failures =
        Pattern.compile("(?s)<details class=\"failure\">.*?</details>").matcher(page);
    List<String> all = failures.results().map(found -> found.group()).toList();
    assertThat(all).hasSize(3);
    assertThat(all.get(0))
        .contains("same", "in every run", "one: worker-1, after 1.00 ms")
        .contains("three: worker-1, after 1.00 ms");
    assertThat(all.get(1)).contains("only here", "in one, three").doesNotContain("two:");
    assertThat(all.get(2)).contains("and there", "in two");
  }

  @Test
  void aPipelineNamesItsStagesAndMarksTheOneThatHoldsTheOthersUp() throws IOException {
    var slow = new Timeline("parse on processes");
    var report =
        new HtmlReport("t")
            .add(new Timeline("fetch on virtual"), Map.of("Stage", "fetch", "model", "virtual"))
            .add(slow, Map.of("stage", "parse<", "model", "processes"));
    assertThat(page(report)).doesNotContain("bottleneck</span>");
    String page = page(report.withBottleneck(slow));
    Matcher heads = Pattern.compile("scope=\"col\">([^<]*)<").matcher(page);
    assertThat(heads.results().map(m -> m.group(1))).containsExactly("stage", "model");
    Matcher rows = Pattern.compile("scope=\"row\"><a href=\"#run-[0-9]+\">([^<]*)<").matcher(page);
    assertThat(rows.results().map(m -> m.group(1))).containsExactly("fetch", "parse&lt;");
    assertThat(element(page, "<tr class=\"slow\"", "</tr>"))
        .contains("parse&lt;", "bottleneck", ">processes</td>");
    assertThat(Pattern.compile("<span class=\"badge slow\">").matcher(page).results().count())
        .as("in the table, and above the timeline")
        .isEqualTo(2);
  }

  @Test
  void theRecommendedRunIsMarkedWhereverItStands() throws IOException {
    var best = new Timeline("best<");
    var report =
        new HtmlReport("t")
            .add(new Timeline("other"), Map.of("wall", "2 s"))
            .add(best, Map.of("wall", "1 s"))
            .withText(List.of("It is <b>faster</b>."));
    assertThat(page(report)).doesNotContain("recommended</span>").doesNotContain("Recommended");
    String page = page(report.withRecommended(best).withCaption("Of <3> rounds."));
    assertThat(element(page, "<p class=\"choice\">", "</p>"))
        .contains("Recommended", "href=\"#run-1\"", "best&lt;");
    assertThat(element(page, "<div class=\"lead\">", "</div>"))
        .contains("It is &lt;b&gt;faster&lt;/b&gt;.");
    assertThat(element(page, "<tr class=\"best\"", "</tr>")).contains("best&lt;", "recommended");
    assertThat(Pattern.compile("<span class=\"badge\">").matcher(page).results().count())
        .isEqualTo(2);
    assertThat(page).contains("<p class=\"note\">Of &lt;3&gt; rounds.</p>");
  }

  @Test
  void aThreadThatRanNothingHasNoRow() throws IOException {
    Timeline timeline = failing("t", "once");
    long now = System.nanoTime();
    timeline.onEvent(TaskEvent.WorkerReady.of("idle-2", ProcessHandle.current().pid(), 1000, now));
    String page = page(new HtmlReport("t").add(timeline, Map.of()));
    var meta = (Map<?, ?>) Json.parse(element(page, "class=\"meta\">", "</script>"));
    assertThat(meta.get("lanes")).isEqualTo(List.of("worker-1"));
    assertThat(timeline.summary().workers()).isEqualTo(1);
  }

  @Test
  void beginAndEndAreAtTheTimesThatAreGiven() {
    var timeline = new Timeline("t");
    timeline.begin(1_000_000_000L);
    timeline.end(3_500_000_000L);
    assertThat(timeline.summary().wallNanos()).isEqualTo(2_500_000_000L);
  }

  @Test
  void reportWithoutRunsOrFailuresSaysSoByAbsence() throws IOException {
    String page = page(new HtmlReport("empty"));
    assertThat(page).contains("<h1><bdi>empty</bdi></h1>").doesNotContain("<details");
  }

  @Test
  void oneRunWithoutFiguresHasNoTableOfThem() throws IOException {
    var timeline = new Timeline("t");
    assertThat(page(new HtmlReport("r").add(timeline, Map.of())))
        .doesNotContain("Figures</h2>", "<table");
    assertThat(page(new HtmlReport("r").add(timeline, Map.of("wall", "1 s"))))
        .contains("Figures</h2>", "<table");
  }

  @Test
  void fileIsInUtf8(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("report.html");
    new HtmlReport("caf\u00e9 \ud83c\udf70").write(file);
    assertThat(Files.readString(file)).contains("<title>caf\u00e9 \ud83c\udf70</title>");
  }

  @Test
  void everyScriptIsSmallEnoughToRead() {
    for (String name : HtmlReport.SCRIPTS) {
      assertThat(Template.read(name).lines().count()).as(name).isLessThan(400);
    }
  }
}
