package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** {@code run --on auto} and {@code advise}, each as a process. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class AutoTest {
  private static final String TASKS =
      """
      public class Waits {
        public static String nap(String s) throws Exception {
          if (s.equals("boom")) throw new IllegalStateException("no " + s);
          Thread.sleep(20);
          return s;
        }
      }
      """;

  @RegisterExtension final ServedFolder served = new ServedFolder();

  private Path folder;

  @BeforeEach
  void writeTasks() throws IOException {
    folder = served.path();
    Files.writeString(folder.resolve("Waits.java"), TASKS);
  }

  private static String[] with(List<String> before, List<String> after) {
    var all = new ArrayList<>(before);
    all.addAll(after);
    return all.toArray(String[]::new);
  }

  @Test
  void autoGivesTheResultsInOrderAndSaysWhatItChose() {
    var items = Collections.nCopies(200, "a");
    var result =
        Command.run(
            folder, with(List.of("run", "Waits.java#nap", "--on", "auto", "--forget"), items));
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out().lines()).containsExactlyElementsOf(items);
    assertThat(result.err()).contains("fornada: auto chose ").contains("200 done");
  }

  @Test
  void whatARunHasLearnedIsKeptBeforeTheCommandEnds() throws IOException {
    var result =
        Command.shell(
            folder,
            "XDG_CACHE_HOME=\"$PWD/cache\" \"$@\"",
            with(
                List.of("run", "Waits.java#nap", "--on", "auto", "--threads-are-safe"),
                Collections.nCopies(400, "a")));
    assertThat(result.exitCode()).as(result.err()).isZero();
    try (Stream<Path> learned = Files.list(folder.resolve("cache/fornada/advice"))) {
      assertThat(learned.map(file -> file.getFileName().toString()))
          .singleElement()
          .satisfies(name -> assertThat(name).matches("[0-9a-f]+\\.learned"));
    }
  }

  @Test
  void aFailureUnderAutoCostsItsOwnItem() {
    var result =
        Command.run(folder, "run", "Waits.java#nap", "--on", "auto", "--forget", "a", "boom", "b");
    assertThat(result.out()).isEqualTo("a\nb\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("no boom").contains("2 done, 1 failed");
  }

  @Test
  void anAdviceThatIsToStopAtTheFirstFailureDoes() {
    var items = new ArrayList<>(Collections.nCopies(20_000, "a"));
    items.addFirst("boom");
    var result =
        Command.run(
            folder,
            with(List.of("advise", "Waits.java#nap", "--fail-fast", "--for", "10min"), items));
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("no boom").contains("nothing is advised");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void anAdviceThatIsCutOffIsAboutTheItemsThatAreLeft() throws Exception {
    var items = Collections.nCopies(20_000, "a");
    var result =
        Runs.inEnoughTime(
            Runs.LONGER, // in a short one no item may end
            limit ->
                Command.run(
                    folder,
                    with(
                        List.of("advise", "Waits.java#nap", "--for", limit, "--workers", "2"),
                        items)),
            each -> each.exitCode() == 0);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out().replace('\n', ' ')).containsPattern("for the 19,[0-9]{3} items left");
  }

  @Test
  void whatWasMeasuredIsToldThoughThePageCannotBeWritten() {
    var full = List.of("--report", "/dev/full");
    var advice =
        Command.run(folder, with(List.of("advise", "Waits.java#nap", "a", "b", "c"), full));
    assertThat(advice.exitCode()).isNotZero();
    assertThat(advice.out()).contains("sequential");
    assertThat(advice.err()).contains("/dev/full");
    var table =
        Command.run(
            folder,
            with(
                List.of("compare", "Waits.java#nap", "a", "b", "--on", "sequential,threads"),
                full));
    assertThat(table.exitCode()).isNotZero();
    assertThat(table.out()).contains("sequential").contains("threads");
    assertThat(table.err()).contains("/dev/full");
  }

  @Test
  void whatIsForAutoIsRefusedWithoutIt() {
    var result = Command.refused(folder, "run", "Waits.java#nap", "--forget", "a");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("--forget is for --on auto");
    var unknown = Command.refused(folder, "run", "Waits.java#nap", "--on", "magic", "a");
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err()).contains("auto");
  }

  @Test
  void adviceIsGivenInWordsAndAReplayGivesTheSame() {
    var items = Collections.nCopies(200, "a");
    var measured =
        Command.run(
            folder, with(List.of("advise", "Waits.java#nap", "--record", "run.json"), items));
    assertThat(measured.exitCode()).as(measured.err()).isZero();
    assertThat(measured.out()).isNotBlank();
    var again = Command.run(folder, "advise", "--replay", "run.json");
    assertThat(again.exitCode()).as(again.err()).isZero();
    assertThat(again.out()).isEqualTo(measured.out());
    var json = Command.run(folder, "advise", "--replay", "run.json", "--json");
    var form =
        Command.run(folder, "advise", "--format", "JSON", "-o", "out", "--replay", "run.json");
    assertThat(form.exitCode()).as(form.err()).isZero();
    assertThat(form.out()).isEmpty();
    assertThat(folder.resolve("out")).hasContent(json.out());
    var piped = Command.shell(folder, "\"$@\" < run.json", "advise", "--replay", "/dev/stdin");
    assertThat(piped.out()).as(piped.err()).isEqualTo(measured.out());
    var broken = Command.run(folder, "advise", "--replay", "Waits.java");
    assertThat(broken.exitCode()).isEqualTo(2);
    assertThat(broken.err()).contains("line 1").contains("advise --record");
  }

  /** As a run is recorded that has ended before anybody has looked at its classes. */
  @Test
  void aRecordWhoseClassesWereNotExaminedRulesNothingOut() throws IOException {
    var items = Collections.nCopies(100, "a");
    var measured =
        Command.run(
            folder, with(List.of("advise", "Waits.java#nap", "--record", "run.json"), items));
    assertThat(measured.exitCode()).as(measured.err()).isZero();
    assertThat(measured.out()).doesNotContain("examined");
    String unknown = "Doubt\":\"its classes were not examined yet\"";
    Files.writeString(
        folder.resolve("run.json"),
        Files.readString(folder.resolve("run.json"))
            .replaceAll("Doubt\":(null|\"[^\"]*\")", unknown));
    var replayed = Command.run(folder, "advise", "--replay", "run.json");
    assertThat(replayed.out().replace('\n', ' '))
        .as(replayed.err())
        .contains("not known: its classes were not examined yet")
        .contains("Measure again")
        .doesNotContain("not possible", "cannot be used", "100 %.");
    JsonNode advice =
        new ObjectMapper()
            .readTree(Command.run(folder, "advise", "--replay", "run.json", "--json").out());
    assertThat(advice.path("confidence").asDouble()).isLessThanOrEqualTo(0.5);
    assertThat(advice.path("predictions"))
        .filteredOn(each -> each.path("model").asText().equals("processes"))
        .singleElement()
        .satisfies(each -> assertThat(each.has("ruledOut")).isFalse())
        .satisfies(each ->
            assertThat(each.path("notKnown").asText())
                .isEqualTo("its classes were not examined yet"));
  }

  @Test
  void adviceAndAnAutomaticRunHaveAPageThatShowsWhatLimitsTheRate() throws Exception {
    var items = Collections.nCopies(100, "a");
    Path page = folder.resolve("page.html");
    for (List<String> command :
        List.of(
            List.of("advise", "Waits.java#nap", "--report", "page.html"),
            List.of(
                "run", "Waits.java#nap", "--on", "auto", "--forget", "--report", "page.html"))) {
      var result =
          Runs.oneOfFew(
              () -> {
                Files.deleteIfExists(page);
                return Command.run(folder, with(command, items));
              },
              // A busy machine may be what limits the rate itself.
              each -> each.exitCode() != 0 || Files.readString(page).contains("The items wait"));
      assertThat(result.exitCode()).as(result.err()).isZero();
      assertThat(Files.readString(page))
          .as(command.getFirst())
          .contains("What limits the rate")
          .contains("The way to the decision")
          .contains("each more adds ")
          // Figures of a run cannot tell items that wait from the library's own work.
          .contains("The items wait")
          .doesNotContain("The tasks compute", "The tasks wait");
    }
  }

  @Test
  void adviceIsGivenAsJson() throws IOException {
    var items = Collections.nCopies(100, "a");
    var result = Command.run(folder, with(List.of("advise", "Waits.java#nap", "--json"), items));
    assertThat(result.exitCode()).as(result.err()).isZero();
    JsonNode advice = new ObjectMapper().readTree(result.out());
    assertThat(advice.path("model").asText()).isNotBlank();
    assertThat(advice.path("size").asInt()).isPositive();
    assertThat(advice.path("sentences")).isNotEmpty();
  }

  @Test
  void adviceAboutTheFirstOfManyItemsSaysSo() throws Exception {
    Files.writeString(folder.resolve("list"), "a\n".repeat(100_001));
    var result =
        Runs.inEnoughTime(
            Runs.LONGER, // in a short one no item may end
            limit ->
                Command.run(
                    folder,
                    "advise",
                    "Waits.java#nap",
                    "--lines",
                    "list",
                    "--json",
                    "--for",
                    limit,
                    "--report",
                    "page.html"),
            each -> each.exitCode() == 0);
    assertThat(result.exitCode()).as(result.err()).isZero();
    String sentence = "Only the first 100000 items were measured; what follows them was not read.";
    assertThat(result.err()).contains(sentence);
    JsonNode advice = new ObjectMapper().readTree(result.out());
    assertThat(advice.path("items").asInt()).isEqualTo(100_000);
    assertThat(advice.path("itemsCut").asBoolean()).isTrue();
    assertThat(advice.path("sentences").toString()).contains(sentence);
    assertThat(Files.readString(folder.resolve("page.html"))).contains(sentence);
  }

  @Test
  void allOfAFewItemsAreCounted() throws Exception {
    Files.writeString(folder.resolve("Waits.java"), TASKS.replace("sleep(20)", "sleep(400)"));
    var items = Collections.nCopies(8, "a");
    double least = 2.2; // five of them would be 2 s, and a busy machine sees waits too short
    var result =
        Runs.oneOfFew(
            () -> Command.run(folder, with(List.of("advise", "Waits.java#nap", "--json"), items)),
            each -> each.exitCode() != 0 || inSequence(each).path("seconds").asDouble() > least);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(inSequence(result).path("model").asText()).isEqualTo("sequential");
    assertThat(inSequence(result).path("seconds").asDouble())
        .as("eight naps of 0.4 s, one after the other")
        .isGreaterThan(least);
  }

  /** What an advice predicts of running all items one after the other. */
  private static JsonNode inSequence(Command.Result advice) throws IOException {
    return new ObjectMapper().readTree(advice.out()).path("predictions").path(0);
  }

  @Test
  void oneItemIsAdvisedOn() throws IOException {
    Files.writeString(folder.resolve("Waits.java"), TASKS.replace("sleep(20)", "sleep(400)"));
    var result = Command.run(folder, "advise", "Waits.java#nap", "a");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).contains("There is one item").doesNotContain("No item has ended");
  }
}
