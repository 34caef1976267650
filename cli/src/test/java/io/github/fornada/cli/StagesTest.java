package io.github.fornada.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command with several stages, each case as a process. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class StagesTest {
  private static final String FIRST =
      """
      public class First {
        public static String mark(String s) throws Exception {
          switch (s) {
            case "boom" -> throw new IllegalStateException("no " + s);
            case "sleep" -> Thread.sleep(600_000);
            default -> { }
          }
          return s;
        }
        public static void nothing(String s) { }
      }
      """;

  private static final String SECOND =
      """
      public class Second {
        public static String twice(String s) {
          if (s.equals("bang")) {
            throw new IllegalStateException("not " + s);
          }
          return s + s;
        }
        public static String slowly(String s) throws Exception {
          Thread.sleep(30);
          return s;
        }
        public static int length(String s) { return s.length(); }
        public static int plus(int n) { return n + 1; }
      }
      """;

  @RegisterExtension final ServedFolder served = new ServedFolder();

  private Path folder;

  @BeforeEach
  void writeTasks() throws IOException {
    folder = served.path();
    Files.writeString(folder.resolve("First.java"), FIRST);
    Files.writeString(folder.resolve("Second.java"), SECOND);
  }

  private Command.Result run(String... arguments) {
    return Command.run(folder, arguments);
  }

  @ParameterizedTest
  @Cells(
      verify = {"sequential | virtual", "virtual | threads", "processes | processes"},
      rest = {"threads | processes", "processes | sequential"})
  void whatOneStageReturnsIsTheItemOfTheNext(String first, String second) {
    var result =
        run(
            "run",
            "First.java#mark",
            "--on",
            first,
            "then",
            "Second.java#twice",
            "--on",
            second,
            "a",
            "boom",
            "b",
            "bang",
            "c");
    assertThat(result.out()).isEqualTo("aa\nbb\ncc\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("\"boom\" in First.mark failed: java.lang.IllegalStateException: no boom")
        .contains("at First.mark(First.java:")
        .contains("\"bang\" in Second.twice failed: java.lang.IllegalStateException: not bang")
        .contains("waits for")
        .contains("3 done, 2 failed in ");
    assertThat(result.err().lines().filter(line -> line.startsWith("Second.twice")))
        .hasSize(1)
        .allMatch(line -> line.contains(second));
  }

  @Test
  void theReportHasABandForEachStage() throws IOException {
    Path page = folder.resolve("page.html");
    var result =
        run(
            "run",
            "First.java#mark",
            "then",
            "Second.java#twice",
            "a",
            "b",
            "--report",
            page.toString());
    assertThat(result.exitCode()).isZero();
    assertThat(Files.readString(page).split("<div class=\"band\">")).hasSize(3);
  }

  @Test
  void theReportNamesItsStagesMarksTheSlowOneAndHasTheFiguresThatArePrinted() throws Exception {
    var result =
        Runs.oneOfFew(
            () -> {
              Files.deleteIfExists(folder.resolve("page.html"));
              return run(
                  ("run First.java#mark then Second.java#slowly --workers 1 a b c d e f g h i j k l"
                          + " --report page.html")
                      .split(" "));
            },
            // On a busy machine another stage may be as slow, or none is.
            each ->
                each.exitCode() != 0
                    || Files.readString(folder.resolve("page.html"))
                        .contains("<tr class=\"slow\""));
    assertThat(result.exitCode()).as(result.err()).isZero();
    String page = Files.readString(folder.resolve("page.html"));
    String table = page.substring(page.indexOf("<table"), page.indexOf("</table>"));
    assertThat(table).contains("scope=\"col\">stage<", "scope=\"col\">model<", ">First.mark</a>");
    String row = table.substring(table.indexOf("<tr class=\"slow\""));
    assertThat(row).contains(">Second.slowly</a>", "bottleneck", ">threads</td>");
    assertThat(page).contains("holds the others up");
    String printed =
        result
            .err()
            .lines()
            .filter(line -> line.startsWith("Second.slowly"))
            .findFirst()
            .orElseThrow();
    var queue = Pattern.compile(" ([0-9]+)(/[0-9]+) <").matcher(printed);
    assertThat(queue.find()).as(printed).isTrue();
    assertThat(row).contains(">" + queue.group(1) + queue.group(2) + "</td>");
    assertThat(page).contains("queue of " + queue.group(1) + " at most");
  }

  @Test
  void thePageOfAPipelineHasTheTimeThatIsTold() throws IOException {
    var result =
        run(
            "run",
            "First.java#mark",
            "--on",
            "processes",
            "then",
            "Second.java#twice",
            "a",
            "b",
            "--report",
            "page.html");
    String told = result.err().lines().toList().getLast();
    assertThat(told).startsWith("fornada: 2 done in ");
    String page = Files.readString(folder.resolve("page.html"));
    assertThat(page).contains(told.substring("fornada: ".length()) + ".");
    var walls = Pattern.compile("\\{\"wall\":([0-9]+)").matcher(page).results().toList();
    assertThat(walls).as("of both stages").hasSize(2);
    assertThat(walls)
        .extracting(each -> Words.seconds(Long.parseLong(each.group(1)) / 1e9))
        .allSatisfy(seconds -> assertThat(told).endsWith(" in " + seconds));
  }

  @Test
  void threeStagesPassOnNumbersAsText() {
    var result =
        run(
            "run",
            "First.java#mark",
            "then",
            "Second.java#length",
            "then",
            "Second.java#plus",
            "--on",
            "virtual",
            "a",
            "abc",
            "then");
    assertThat(result.out()).isEqualTo("2\n4\n5\n");
    assertThat(result.exitCode()).isZero();
  }

  @Test
  void aStageThatReturnsNothingIsRefusedUnlessItIsTheLast() {
    var first = run("run", "First.java#nothing", "then", "Second.java#twice", "a", "b");
    assertThat(first.err()).contains("First.nothing(String) returns nothing (void)");
    assertThat(first.exitCode()).isEqualTo(ExitCode.USAGE);
    var last = run("run", "Second.java#twice", "then", "First.java#nothing", "a", "b");
    assertThat(last.err()).contains("2 done");
    assertThat(last.exitCode()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "threads,-o,file1",
    "processes,--report,file1",
    "threads,-o,file{}",
    "threads,-o,file{n}"
  })
  void noOutputTakesThePlaceOfAFileThatALaterStageReads(String on, String option, String output)
      throws IOException {
    Files.writeString(folder.resolve("Name.java"), "String of(String s) { return \"file\" + s; }");
    Files.writeString(
        folder.resolve("Size.java"),
        "long of(java.nio.file.Path p) { return p.toFile().length(); }");
    Files.writeString(folder.resolve("file1"), "precious");
    Files.writeString(folder.resolve("file2"), "precious");
    var stages = List.of("run", "Name.java", "--on", on, "then", "Size.java", "--on", on);
    var words = new ArrayList<>(stages);
    words.addAll(List.of("1", "2", option, output));
    var result = run(words.toArray(String[]::new));
    assertThat(result.exitCode()).as(result.err()).isIn(1, 2);
    assertThat(result.err()).contains("the item file1 of Size.of");
    assertThat(folder.resolve("file1")).hasContent("precious");
    assertThat(folder.resolve("file2")).hasContent("precious");
  }

  @Test
  void theFirstFailureStopsAllWhereThatIsAskedFor() {
    var result =
        run(
            "run",
            "First.java#mark",
            "--on",
            "virtual",
            "then",
            "Second.java#twice",
            "--fail-fast",
            "a",
            "boom",
            "sleep",
            "sleep");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("\"boom\" in First.mark failed").contains("1 failed");
    long done = result.out().lines().count(); // "a" may have been quicker
    assertThat(result.err()).contains("fornada: " + (3 - done) + " items not done");
  }

  /** An item that waits comes to no end, unless the run is stopped. */
  @ParameterizedTest
  @CsvSource({"First.java#place", "First.java#mark then First.java#place"})
  void aResultThatCannotBeWrittenStopsAllWhereThatIsAskedFor(String tasks) throws IOException {
    Files.writeString(
        folder.resolve("First.java"),
        FIRST.replace(
            "public static void nothing",
            """
            public static String place(String s) throws Exception {
              if (s.equals("sleep")) Thread.sleep(600_000);
              java.nio.file.Files.createDirectories(java.nio.file.Path.of("out-1"));
              return s;
            }
            public static void nothing\
            """));
    var result =
        run(("run " + tasks + " --workers 3 -o out-{n} --fail-fast a sleep sleep").split(" "));
    assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
    assertThat(result.err())
        .contains("\"a\" failed: its result is there, but -o")
        .contains("2 items not done");
  }

  @Test
  void linesOfAFileAreItemsAndResultsGoToAFile() throws IOException {
    Files.writeString(folder.resolve("items"), "a\nb\n");
    var result =
        run(
            "run",
            "First.java#mark",
            "then",
            "Second.java#twice",
            "--lines",
            "items",
            "-o",
            "out",
            "--figures=json",
            "--report",
            "page.html",
            "--trace",
            "trace.json");
    assertThat(result.exitCode()).isZero();
    assertThat(folder.resolve("out")).hasContent("aa\nbb\n");
    JsonNode figures = new ObjectMapper().readTree(result.err()).get("pipeline");
    assertThat(figures.get("done").asInt()).isEqualTo(2);
    assertThat(figures.get("stages").get(1).get("name").asText()).isEqualTo("Second.twice");
    assertThat(Files.readString(folder.resolve("page.html")))
        .contains("First.mark on threads")
        .contains("Second.twice on threads");
    assertThat(Files.readString(folder.resolve("trace.json"))).contains("First.mark on threads");
  }

  @Test
  void whatIsNotAboutAStageGoesToTheEnd() {
    var result = run("run", "First.java#mark", "a", "then", "Second.java#twice", "b");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("inputs and all other options go to the end");
    result = run("run", "First.java#mark", "--workers", "0", "then", "Second.java#twice", "b");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("--workers must be at least 1, got 0");
  }

  @Test
  void anItemMayBeCalledThen() {
    var result = run("run", "First.java#mark", "now", "then", "later");
    assertThat(result.out()).isEqualTo("now\nthen\nlater\n");
    assertThat(result.exitCode()).isZero();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void ctrlCStopsEveryStageAndLeavesNoProcess() throws Exception {
    // A test run in the background may have been told to ignore SIGINT, and its children inherit
    // it.
    var words = new ArrayList<>(List.of("env", "--default-signal=INT"));
    words.addAll(
        Command.words(
            "run",
            "First.java#mark",
            "--on",
            "processes",
            "then",
            "Second.java#twice",
            "--on",
            "virtual",
            "a",
            "sleep",
            "sleep",
            "b"));
    Process process = new ProcessBuilder(words).directory(folder.toFile()).start();
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.readLine()).isEqualTo("aa");
      List<ProcessHandle> workers = process.descendants().toList();
      new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor();
      assertThat(process.waitFor(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(130);
      assertThat(new String(process.getErrorStream().readAllBytes(), UTF_8))
          .contains("fornada: interrupted; 1 done");
      for (ProcessHandle worker : workers) {
        worker.onExit().get(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS);
      }
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
